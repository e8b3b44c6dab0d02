// Workloads of the bench command: user-mode code, a fixed amount of work, a checksum of what it computed.
#pragma once
#include "../common/types.h"

struct workload {
  const char *name, *help;
  u64 (*run)(void);
  u64 iterations; // of the work's own unit, in one run
  u64 expected;   // checksum; host/check.sh computes the same
  u32 needs_kernel; // 1: makes system calls, so it cannot run as the host's program
};
extern const struct workload workloads[];
extern const u32 workload_count;

extern u8 *bench_memory; // BENCH_BYTES of RAM
enum { BENCH_BYTES = 8 << 20 };

enum { SYSCALL_ADD = 1 }; // answers argument + 1
// Addresses whose pages the kernel gives on first touch; touching the page after the last one takes them all away.
#define FAULT_WINDOW 0x7f0000000000
enum { FAULT_PAGES = 64 };

u64 bench_integer(void);
u64 bench_branches(void);
u64 bench_memory_near(void);
u64 bench_memory_far(void);
u64 bench_calls(void);
u64 bench_indirect(void);
u64 bench_float(void);
u64 bench_x87(void);
u64 bench_strings(void);
u64 bench_syscalls(void);
u64 bench_faults(void);

enum {
  INTEGER_ITERATIONS = 500000,
  BRANCHES_BYTES = 65536,
  BRANCHES_PASSES = 16,
  NEAR_BYTES = 16384,
  NEAR_PASSES = 700,
  FAR_ACCESSES = 500000,
  CALLS_DEPTH = 26,
  INDIRECT_STEPS = 1000000,
  FLOAT_STEPS = 100000,
  X87_STEPS = 100000,
  STRINGS_BYTES = 65536,
  STRINGS_PASSES = 40,
  SYSCALLS = 100000,
  FAULTS = 12800,
};
