#include "suite-user.h"
#include "../common/suite-run.h"
#include "../tests/suite.h"
#include "kernel.h"

// The 32-bit program's suite, as its compiler laid it out, and where that program says it is
struct suite_test32 {
  u32 name, run, expected, strict;
};
#define PROT_SUITE (*(const u32 *)0x10008)
#define PROT_INTEGER_COUNT (*(const u32 *)0x1000c)
#define PROT_PARTS (*(const u32 *)0x10010)
#define PROT_PART_COUNT (*(const u32 *)0x10014)

static const u32 *pointer32(u32 address) { return (const u32 *)(u64)address; }

// The checksum, or the vector of the exception that ended the test
static u32 run_in_ring3(u64 function, u32 where) {
  struct trap trap;
  u32 got = (u32)guarded((void *)function, 0, where, &trap);
  return trap.vector == VECTOR_RETURNED ? got : (u32)trap.vector;
}

static void run_64_bit(void) {
  for (u32 i = 0; i < suite_count; i++) {
    const struct suite_test *test = &suite[i];
    if (suite_skips("long", test->name, test->strict)) continue;
    u32 got = run_in_ring3((u64)test->run, RING3);
    suite_result("long", test->name, test->expected, got, suite_parts, suite_part_count);
  }
}

static void run_32_bit(void) {
  const struct suite_test32 *tests = (const struct suite_test32 *)(u64)PROT_SUITE;
  u32 count = *pointer32(PROT_INTEGER_COUNT);
  for (u32 i = 0; i < count; i++) {
    const struct suite_test32 *test = &tests[i];
    const char *name = (const char *)(u64)test->name;
    if (suite_skips("compat", name, test->strict)) continue;
    u32 got = run_in_ring3(test->run, RING3_32);
    suite_result("compat", name, test->expected, got, pointer32(PROT_PARTS), *pointer32(PROT_PART_COUNT));
  }
}

void run_suite_in_user_mode(void) {
  run_64_bit();
  run_32_bit();
}
