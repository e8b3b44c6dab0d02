// Power-up in real mode: banner, real-mode tests, then on to protected mode, or straight to long mode.
#include "../common/cmos.h"
#include "../common/console.h"
#include "../common/cpuid.h"
#include "../common/report.h"
#include "../common/shared.h"
#include "../common/suite-run.h"
#include "real.h"

// QEMU's TCG names itself "TCGTCGTCGTCG" in the hypervisor leaf.
static u32 runs_under_qemu(void) {
  if (!(cpuid(1, 0).ecx >> 31)) return 0;
  struct cpuid r = cpuid(0x40000000, 0);
  return r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447;
}

static void enable_a20(void) {
  __asm__ volatile("inb $0x92, %%al\n\torb $2, %%al\n\tandb $0xfe, %%al\n\toutb %%al, $0x92" : : : "eax");
}

// Returns the program to go on with.
u32 real_main(void) {
  if (!shared->again) {
    console_init();
    put_text("\nemu ROM: self-test and monitor for x86-64\n\n");
    shared->skip_legacy = (cmos_read(CMOS_TEST_CONTROL) & SKIP_LEGACY) != 0;
    shared->skip_system = (cmos_read(CMOS_TEST_CONTROL) & SKIP_SYSTEM) != 0;
    shared->under_qemu = runs_under_qemu();
  }
  shared->passed = shared->failed = shared->skipped = 0;
  enable_a20();
  fpu_init();
  if (shared->skip_legacy) {
    report_skip("real, prot, v86, paging, pae", "all tests", "asked for in CMOS 7Fh");
    return LONG_PROGRAM;
  }
  run_suite("real");
  real_interrupt_tests();
  return PROT_PROGRAM;
}

// x87 and SSE on: MP and NE set, EM and TS clear, FXSAVE and SSE exceptions allowed (SDM volume 3, 14.1)
void fpu_init(void) {
  __asm__ volatile(
      "movl %%cr0, %%eax\n\tandl $0xfffffff3, %%eax\n\torl $0x22, %%eax\n\tmovl %%eax, %%cr0\n\t"
      "movl %%cr4, %%eax\n\torl $0x600, %%eax\n\tmovl %%eax, %%cr4\n\tfninit"
      : : : "eax");
}
