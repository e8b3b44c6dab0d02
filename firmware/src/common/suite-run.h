// Result lines of the user-mode suite.
#pragma once
#include "types.h"

void run_suite(const char *mode); // this program's suite, where we are
u32 suite_skips(const char *mode, const char *name, u32 strict); // 1, and says so, where QEMU is known to differ
// `parts`: the rows' checksums, shown when the test fails
void suite_result(const char *mode, const char *name, u32 expected, u32 got, const u32 *parts, u32 count);
