// Virtual-8086 mode: the real-mode program's integer suite and exceptions run in it, and what it may not do.
#include "../common/layout.h"
#include "../common/report.h"
#include "../common/suite-run.h"
#include "../common/traps.h"
#include "../tests/suite.h"
#include "kernel.h"

// What the real-mode program's head points to (real/entry.asm)
struct real_head {
  u32 entry, warm_start, v86_call;
  const struct suite_test *suite;
  const u32 *suite_integer_count, *parts, *part_count;
  const struct trap_case *traps, *traps_end;
  void *const *v86_cases;
};
#define real_head ((const struct real_head *)REAL_PROGRAM)
enum { V86_CLI, V86_INT, V86_IN, V86_SEGMENTS };
enum { VM = 1 << 17, TEST_VECTOR = 0x61 };

extern const u32 trap_entries[256];

static void run_in_v86(void) {
  for (u32 i = 0; i < *real_head->suite_integer_count; i++) {
    const struct suite_test *test = &real_head->suite[i];
    struct trap trap;
    u32 got = guarded(test->run, 0, VIRTUAL_8086, &trap);
    if (trap.vector != VECTOR_RETURNED) got = trap.vector;
    suite_result("v86", test->name, test->expected, got, real_head->parts, *real_head->part_count);
  }
}

static void sensitive_instructions(void) {
  static const struct {
    const char *name;
    u32 which;
  } cases[] = {{"cli with IOPL 0", V86_CLI}, {"int with IOPL 0", V86_INT}, {"in with IOPL 0", V86_IN}};
  struct trap trap;
  checks_begin("v86", "what IOPL 0 forbids");
  v86_iopl = 0;
  for (u32 i = 0; i < COUNT_OF(cases); i++) {
    guarded(real_head->v86_cases[cases[i].which], 0, VIRTUAL_8086, &trap);
    check(cases[i].name, 13, trap.vector);
    check(cases[i].name, 0, trap.error);
    check(cases[i].name, (u32)real_head->v86_cases[cases[i].which], trap.ip);
    check("VM in the saved flags", VM, trap.flags & VM);
  }
  v86_iopl = 3;
  checks_end();
}

// An interrupt saves the segment registers on the ring-0 stack and clears them. The upper halves of the stack slots
// are not defined.
static void segments_saved(void) {
  struct trap trap;
  idt[TEST_VECTOR] = gate(USER_INTERRUPT_GATE, CODE0, trap_entries[TEST_VECTOR], 0);
  guarded(real_head->v86_cases[V86_SEGMENTS], 0, VIRTUAL_8086, &trap);
  checks_begin("v86", "interrupt to ring 0");
  check("vector", TEST_VECTOR, trap.vector);
  check("DS", 0x1111, last_frame.v86_ds & 0xffff);
  check("ES", 0x2222, last_frame.v86_es & 0xffff);
  check("FS", 0x3333, last_frame.v86_fs & 0xffff);
  check("GS", 0x4444, last_frame.v86_gs & 0xffff);
  check("SS", 0, last_frame.ss & 0xffff);
  u32 inside = last_frame.ds | last_frame.es | last_frame.fs | last_frame.gs;
  check("segment registers inside", 0, inside & 0xffff);
  checks_end();
}

void v86_tests(void) {
  v86_iopl = 3;
  run_in_v86();
  run_trap_cases("v86", "exceptions", real_head->traps, real_head->traps_end, VIRTUAL_8086);
  sensitive_instructions();
  segments_saved();
}
