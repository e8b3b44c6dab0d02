// The tests that need nothing but user-mode instructions: each is a function that returns a checksum.
// They run in every mode, and on the host for reference.
#pragma once
#include "../common/types.h"

struct suite_test {
  const char *name;
  u32 (*run)(void);
  u32 expected;
  u32 strict; // 1: QEMU's TCG is known to fail it
};

extern const struct suite_test suite[];
extern const u32 suite_count;
extern const u32 suite_integer_count; // the first so many are integer tests

// Checksums of the rows of the test that ran last, in the order of its table: where to look when it fails.
enum { MAX_PARTS = 96 };
extern u32 suite_parts[MAX_PARTS];
extern u32 suite_part_count;
