// Exceptions: vector, error code, saved instruction pointer.
#include "traps.h"
#include "guard.h"
#include "report.h"
#include "shared.h"

static void restore_fpu_registers(void) {
  static const u32 default_mxcsr = 0x1f80;
  __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(default_mxcsr));
}

// A case may leave x87 and SSE exceptions unmasked or pending, or TS and EM set. LDMXCSR runs in ring 3: there are
// hypervisors whose emulator of ring 0 does not know it.
static void restore_fpu(void) {
  struct trap trap;
  reg_t cr0;
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  if (cr0 & 0xc) __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~(reg_t)0xc));
  guarded(restore_fpu_registers, 0, RING3, &trap);
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
