// Long mode: tests, what the machine is, prompt.
#include "../common/console.h"
#include "../common/report.h"
#include "../common/shared.h"
#include "acpi.h"
#include "clock.h"
#include "info.h"
#include "input.h"
#include "kernel.h"
#include "shell.h"
#include "../common/traps.h"
#include "../system/debug.h"
#include "suite-user.h"
#include "tests.h"

static void put_summary(void) {
  put_text("self-tests: ");
  put_decimal(shared->passed);
  put_text(" passed, ");
  put_decimal(shared->failed);
  put_text(" failed");
  if (shared->skipped) {
    put_text(", ");
    put_decimal(shared->skipped);
    put_text(" skipped");
  }
  put_text("\n\n");
}

static void run_system_tests(void) {
  run_trap_cases("long", "exceptions in ring 0", traps_common, traps_common_end, RING0);
  run_trap_cases("long", "exceptions in ring 3", traps_common, traps_common_end, RING3);
  run_trap_cases("long", "what system registers refuse", traps_ring0, traps_ring0_end, RING0);
  run_trap_cases("long", "what ring 3 may not do", traps_ring3, traps_ring3_end, RING3);
  run_trap_cases("long", "ports in ring 3", traps_ports, traps_ports_end, RING3);
  long_paging_tests();
  long_interrupt_tests();
  run_debug_tests("long");
  run_alignment_tests("long");
}

void long_main(void) {
  traps_init();
  interrupts_on();
  acpi_init();
  run_suite_in_user_mode();
  if (shared->skip_system) report_skip("long", "exceptions, system calls, paging, debug registers", "asked for in CMOS 7Fh");
  else run_system_tests();
  timer_tests();
  put_summary();
  clock_init();
  if (!shared->again) {
    put_memory();
    put_char('\n');
    put_cpu();
    put_text("\nType help for the commands.\n");
  }
  input_init();
  run_shell();
}
