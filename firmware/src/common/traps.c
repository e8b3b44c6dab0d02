// Exceptions: vector, error code, saved instruction pointer.
#include "traps.h"
#include "guard.h"
#include "report.h"
#include "shared.h"

// A case may leave x87 and SSE exceptions unmasked or pending, or TS and EM set.
static void restore_fpu(void) {
  static const u32 default_mxcsr = 0x1f80;
  reg_t cr0;
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  cr0 &= ~(reg_t)0xc;
  __asm__ volatile("mov %0, %%cr0\n\tfninit\n\tldmxcsr %1" : : "r"(cr0), "m"(default_mxcsr));
}

void run_trap_cases(const char *mode, const char *name, const struct trap_case *first, const struct trap_case *end,
                    u32 where) {
  checks_begin(mode, name);
  for (const struct trap_case *test = first; test < end; test++) {
    if (test->strict && shared->under_qemu) continue;
    struct trap trap;
    guarded(test->function, 0, where, &trap);
    restore_fpu();
    check(test->name, test->vector, trap.vector);
    if (trap.vector != test->vector) continue;
    check(test->name, test->error, trap.error);
    check(test->name, test->ip, trap.ip);
  }
  checks_end();
}
