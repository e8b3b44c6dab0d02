// Real-mode interrupts: the vectors at 0, INT and IRET, exceptions without error codes.
#include "../common/guard.h"
#include "../common/report.h"
#include "../common/traps.h"
#include "real.h"

enum { VECTORS = 128 };
extern const u16 vector_entries[VECTORS];
extern u16 trap_vector, trap_ip, trap_cs, trap_flags, trap_sp;
u32 guarded_call(void *function);
u32 interrupt_flow(void);

// Rings and arguments are not for real mode.
reg_t guarded(void *function, reg_t argument, u32 where, struct trap *trap) {
  (void)argument, (void)where;
  u32 vector = guarded_call(function);
  *trap = (struct trap){vector, 0, trap_ip, trap_sp, trap_flags, trap_cs, 0, 0, 0, 0, 0};
  return 0;
}

void real_interrupt_tests(void) {
  volatile u32 *vectors = (volatile u32 *)0;
  for (u32 vector = 0; vector < VECTORS; vector++) vectors[vector] = vector_entries[vector];
  checks_begin("real", "int and iret");
  check("IF, TF inside; IF, CF, SP after; CS:IP", 0x3f, interrupt_flow());
  checks_end();
  run_trap_cases("real", "exceptions", traps_common, traps_common_end, RING0);
  run_trap_cases("real", "real-mode exceptions", traps_real, traps_real_end, RING0);
}
