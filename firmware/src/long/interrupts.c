// 64-bit mode: SYSCALL, interrupt stack table, stack alignment, double fault, segment bases, CR8, CMPXCHG16B, FXSAVE.
#include "../common/cpuid.h"
#include "../common/layout.h"
#include "../common/report.h"
#include "../common/shared.h"
#include "kernel.h"
#include "tests.h"

enum { MSR_LSTAR = 0xc0000082, MSR_FMASK = 0xc0000084, MSR_FS_BASE = 0xc0000100 };
enum { MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE = 0xc0000102 };
enum { DOUBLE_FAULT = 8, PAGE_FAULT = 14, GENERAL_PROTECTION = 13, PROBE_VECTOR = 0x42 };
enum { INTERRUPT_GATE = 0x8e, ABSENT_GATE = 0x0e };
enum { CF = 1, IF = 0x200 };

u64 syscall_seen[5]; // CS, SS, RFLAGS, RCX, RSP
u64 try_syscall(void);
void syscall_probe(void);
void int_from_odd_stack(void);
u64 read_gs_after_swapgs(void);
u64 read_fs_bases(void);
u64 exchange16(u64 *pair);
u64 save_restore(u8 *area);

static void syscall_test(void) {
  struct trap trap;
  u64 entry = rdmsr(MSR_LSTAR);
  wrmsr(MSR_LSTAR, (u64)syscall_probe);
  checks_begin("long", "syscall and sysret");
  check("RCX, R11, RSP, RFLAGS after", 1, guarded(try_syscall, 0, RING3, &trap));
  check("CS inside", 0x08, syscall_seen[0]);
  check("SS inside", 0x10, syscall_seen[1]);
  check("IF masked", 0, syscall_seen[2] & IF);
  if (!shared->under_qemu) check("CF kept", CF, syscall_seen[2] & CF); // QEMU's TCG clears it
  check("RSP unchanged", 1, syscall_seen[4] < USER_STACK && syscall_seen[4] > USER_STACK - 256);
  checks_end();
  wrmsr(MSR_LSTAR, entry);
}

static reg_t do_nothing(reg_t argument) { return argument; }

static reg_t call_gate_probe(reg_t argument) {
  __asm__ volatile("int $0x42");
  return argument;
}

static void stack_test(void) {
  struct trap trap;
  checks_begin("long", "interrupt stacks");
  check("call to ring 3 and back", 0x123456789abcdef0, guarded(do_nothing, 0x123456789abcdef0, RING3, &trap));
  guarded(int_from_odd_stack, 0, RING0, &trap);
  check("odd stack: vector", PROBE_VECTOR, trap.vector);
  check("frame aligned to 16", 0, (last_frame_address + 40) & 15); // five words below the aligned stack
  check("SS:RSP saved without a change of ring", 0x10, trap.ss);
  check("odd RSP saved", 3, trap.sp & 7);
  set_gate(PROBE_VECTOR, trap_entries[PROBE_VECTOR], INTERRUPT_GATE, 1);
  guarded(call_gate_probe, 0, RING0, &trap);
  check("interrupt stack table", 1, last_frame_address < LONG_IST_STACK && last_frame_address > LONG_IST_STACK - 256);
  set_gate(PROBE_VECTOR, trap_entries[PROBE_VECTOR], 0xee, 0);
  guarded(call_gate_probe, 0, RING3, &trap);
  check("from ring 3: the TSS's RSP0", 1,
        last_frame_address < LONG_TRAP_STACK && last_frame_address > LONG_TRAP_STACK - 256);
  check("from ring 3: CS", 0x3b, trap.cs);
  check("from ring 3: SS", 0x33, trap.ss);
  set_gate(PROBE_VECTOR, trap_entries[PROBE_VECTOR], INTERRUPT_GATE, 0);
  checks_end();
}

static reg_t touch(reg_t address) { return *(volatile u8 *)address; }

// #GP while a #PF is delivered is a double fault; an absent gate alone is #NP.
static void double_fault_test(void) {
  struct trap trap;
  checks_begin("long", "double fault, absent gate");
  set_gate(PAGE_FAULT, trap_entries[PAGE_FAULT], ABSENT_GATE, 0);
  guarded(touch, 0x7f0000000000, RING0, &trap);
  check("#PF through an absent gate: vector", DOUBLE_FAULT, trap.vector);
  check("error code", 0, trap.error);
  set_gate(PAGE_FAULT, trap_entries[PAGE_FAULT], INTERRUPT_GATE, 0);
  set_gate(PROBE_VECTOR, trap_entries[PROBE_VECTOR], ABSENT_GATE, 0);
  guarded(call_gate_probe, 0, RING0, &trap);
  check("int through an absent gate: vector", 11, trap.vector);
  set_gate(PROBE_VECTOR, trap_entries[PROBE_VECTOR], INTERRUPT_GATE, 0);
  checks_end();
}

static reg_t write_cr8(reg_t value) {
  __asm__ volatile("mov %0, %%cr8" : : "r"(value));
  return value;
}

static reg_t set_fs_base(reg_t value) {
  wrmsr(MSR_FS_BASE, value);
  return 0;
}

static void register_test(void) {
  static u64 areas[4] = {0x1111, 0x2222, 0x3333, 0x4444};
  static u64 pair[2] __attribute__((aligned(16))) = {5, 6};
  static u8 fxsave_area[512] __attribute__((aligned(16)));
  struct trap trap;
  checks_begin("long", "segment bases, swapgs, CR8, cmpxchg16b, fxsave");
  wrmsr(MSR_FS_BASE, (u64)&areas[0]);
  wrmsr(MSR_GS_BASE, (u64)&areas[1]);
  wrmsr(MSR_KERNEL_GS_BASE, (u64)&areas[3]);
  check("FS and GS bases", 0x2222 + 0x3333, guarded(read_fs_bases, 0, RING0, &trap));
  check("swapgs", 0x4444, guarded(read_gs_after_swapgs, 0, RING0, &trap));
  guarded(read_gs_after_swapgs, 0, RING3, &trap);
  check("swapgs in ring 3", GENERAL_PROTECTION, trap.vector);
  u64 cr8;
  write_cr8(5);
  __asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
  check("CR8", 5, cr8);
  write_cr8(0);
  if (!shared->under_qemu) { // QEMU's TCG takes any value
    guarded(write_cr8, 16, RING0, &trap);
    check("CR8 = 16", GENERAL_PROTECTION, trap.vector);
    guarded(set_fs_base, (reg_t)1 << 48, RING0, &trap);
    check("base that is not canonical", GENERAL_PROTECTION, trap.vector);
  }
  if (cpuid(1, 0).ecx >> 13 & 1) {
    pair[0] = 5, pair[1] = 6;
    check("cmpxchg16b", 3, guarded(exchange16, (reg_t)pair, RING3, &trap));
    guarded(exchange16, (reg_t)pair + 8, RING3, &trap);
    check("cmpxchg16b, unaligned", GENERAL_PROTECTION, trap.vector);
  }
  check("fxsave and fxrstor", 1, guarded(save_restore, (reg_t)fxsave_area, RING3, &trap));
  checks_end();
}

void long_interrupt_tests(void) {
  syscall_test();
  stack_test();
  double_fault_test();
  register_test();
}
