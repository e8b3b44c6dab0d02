#include "suite-run.h"
#include "../tests/suite.h"
#include "console.h"
#include "report.h"
#include "shared.h"

// The rows' checksums, to be compared with those of host/check.sh -v
static void put_parts(const u32 *parts, u32 count) {
  for (u32 i = 0; i < count; i++) {
    put_text(i % 8 ? " " : "       ");
    put_hex(parts[i], 8);
    if (i % 8 == 7 || i + 1 == count) put_char('\n');
  }
}

u32 suite_skips(const char *mode, const char *name, u32 strict) {
  if (!strict || !shared->under_qemu) return 0;
  report_skip(mode, name, "QEMU's TCG does not do this");
  return 1;
}

void suite_result(const char *mode, const char *name, u32 expected, u32 got, const u32 *parts, u32 count) {
  report_checksum(mode, name, expected, got);
  if (got != expected) put_parts(parts, count);
}

void run_suite(const char *mode) {
  for (u32 i = 0; i < suite_count; i++) {
    const struct suite_test *test = &suite[i];
    if (suite_skips(mode, test->name, test->strict)) continue;
    u32 got = test->run();
    suite_result(mode, test->name, test->expected, got, suite_parts, suite_part_count);
  }
}
