#include "suite-run.h"
#include "../tests/suite.h"
#include "console.h"
#include "report.h"
#include "shared.h"

// The rows' checksums, to be compared with those of host/check.sh -v
static void put_parts(void) {
  for (u32 i = 0; i < suite_part_count; i++) {
    put_text(i % 8 ? " " : "       ");
    put_hex(suite_parts[i], 8);
    if (i % 8 == 7 || i + 1 == suite_part_count) put_char('\n');
  }
}

void run_suite(const char *mode) {
  for (u32 i = 0; i < suite_count; i++) {
    const struct suite_test *test = &suite[i];
    if (test->strict && shared->under_qemu) {
      report_skip(mode, test->name, "QEMU's TCG does not do this");
      continue;
    }
    u32 got = test->run();
    report_checksum(mode, test->name, test->expected, got);
    if (got != test->expected) put_parts();
  }
}
