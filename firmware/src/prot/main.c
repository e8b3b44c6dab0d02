// Protected mode: tests, then back to entry.asm, which goes on to the long-mode program.
#include "../common/report.h"
#include "../common/suite-run.h"
#include "../common/traps.h"
#include "../system/debug.h"
#include "kernel.h"

void prot_main(void) {
  traps_init();
  run_suite("prot");
  run_trap_cases("prot", "exceptions in ring 0", traps_common, traps_common_end, RING0);
  run_trap_cases("prot", "exceptions in ring 3", traps_common, traps_common_end, RING3);
  run_trap_cases("prot", "what system registers refuse", traps_ring0, traps_ring0_end, RING0);
  run_trap_cases("prot", "what ring 3 may not do", traps_ring3, traps_ring3_end, RING3);
  run_trap_cases("prot", "ports in ring 3", traps_ports, traps_ports_end, RING3);
  segment_tests();
  gate_tests();
  task_tests();
  run_debug_tests("prot");
  run_alignment_tests("prot");
  v86_tests();
  paging_tests();
}
