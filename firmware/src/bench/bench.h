// Workloads of the bench command: user-mode code, a fixed amount of work, a checksum of what it computed. Compiled as
// 64-bit code, as 32-bit code for compatibility mode, and for the host.
#pragma once
#include "../common/types.h"

// Every field is one register, so that the 64-bit kernel can read the 32-bit program's table.
struct workload {
  const char *name, *help;
  reg_t (*run)(u8 *memory);
  reg_t iterations; // of the work's own unit, in one run
  reg_t expected;   // checksum; host/check.sh computes the same
  reg_t needs;
};
enum { NEEDS_KERNEL = 1, NEEDS_PORTS = 2, NEEDS_TIMER = 4 }; // anything but 0: cannot run as the host's program
extern const struct workload workloads[];
extern const u32 workload_count;

struct repeat {
  reg_t (*run)(u8 *memory);
  u8 *memory;
  reg_t times, expected;
};
reg_t bench_repeat(struct repeat *work); // the checksum of the last run, or the first wrong one

enum { BENCH_BYTES = 8 << 20 }; // at `memory`
enum { REG_BITS = 8 * sizeof(reg_t) };
#ifdef __x86_64__
#define BY_WIDTH(wide, narrow) wide
#else
#define BY_WIDTH(wide, narrow) narrow
#endif

enum { SYSCALL_ADD = 1 }; // answers argument + 1
enum { SYSCALL_VECTOR = 0x80 }; // of 32-bit code
// Addresses whose pages the kernel gives on first touch; touching the page after the last one takes them all away.
#define FAULT_WINDOW BY_WIDTH(0x7f0000000000, 0xc0000000)
enum { FAULT_PAGES = 64 };
// The 8 MiB again and again in pages of 4 KiB: more than a TLB holds.
enum { TLB_PAGES = 8192, TLB_OFFSET = 2 << 20 };
#if __STDC_HOSTED__
extern u8 *tlb_window;
#else
#define tlb_window ((u8 *)FAULT_WINDOW + TLB_OFFSET)
#endif
#define MMIO_ADDRESS 0xd0000000ul // nothing answers there
enum { SCRATCH_PORT = 0x3ff };    // of the 16550

reg_t bench_integer(u8 *memory);
reg_t bench_branches(u8 *memory);
reg_t bench_cache(u8 *memory);
reg_t bench_memory(u8 *memory);
reg_t bench_tlb(u8 *memory);
reg_t bench_calls(u8 *memory);
reg_t bench_indirect(u8 *memory);
reg_t bench_float(u8 *memory);
reg_t bench_x87(u8 *memory);
reg_t bench_strings(u8 *memory);
reg_t bench_syscalls(u8 *memory);
reg_t bench_faults(u8 *memory);
reg_t bench_ports(u8 *memory);
reg_t bench_mmio(u8 *memory);
reg_t bench_timer(u8 *memory);

enum {
  INTEGER_ITERATIONS = 500000,
  BRANCHES_BYTES = 65536,
  BRANCHES_PASSES = 16,
  NEAR_WORDS = 2048,
  NEAR_PASSES = 700,
  FAR_ACCESSES = 500000,
  TLB_PASSES = 40,
  CALLS_DEPTH = 26,
  CALLS = 392835,
  INDIRECT_STEPS = 1000000,
  FLOAT_STEPS = 100000,
  X87_STEPS = 100000,
  STRINGS_BYTES = 65536,
  STRINGS_PASSES = 40,
  SYSCALLS = 2000,
  FAULTS = 2560,
  PORT_ACCESSES = 2000,
  MMIO_ACCESSES = 2000,
  TIMER_INTERRUPTS = 200,
  TIMER_COUNT = 60, // of the 8254 at 1.193 MHz: 50 microseconds
};
