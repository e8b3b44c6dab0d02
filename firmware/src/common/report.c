#include "report.h"
#include "console.h"
#include "shared.h"

static void put_name(const char *tag, const char *mode, const char *name) {
  put_text(tag);
  put_text(mode);
  put_text(": ");
  put_text(name);
}

static void count(int ok) {
  if (ok) shared->passed++;
  else shared->failed++;
}

void report_checksum(const char *mode, const char *name, u32 expected, u32 got) {
  count(expected == got);
  put_name(expected == got ? "[ ok ] " : "[FAIL] ", mode, name);
  put_text(expected == got ? "  " : "  expected ");
  put_hex(expected, 8);
  if (expected != got) {
    put_text(" got ");
    put_hex(got, 8);
  }
  put_char('\n');
}

// `what` says which value differs; on success it is not printed.
void report_values(const char *mode, const char *name, const char *what, reg_t expected, reg_t got) {
  count(expected == got);
  put_name(expected == got ? "[ ok ] " : "[FAIL] ", mode, name);
  if (expected != got) {
    put_text("  ");
    put_text(what);
    put_text(": expected ");
    put_hex(expected, sizeof(reg_t) * 2);
    put_text(" got ");
    put_hex(got, sizeof(reg_t) * 2);
  }
  put_char('\n');
}

void report_skip(const char *mode, const char *name, const char *why) {
  shared->skipped++;
  put_name("[skip] ", mode, name);
  put_text("  ");
  put_text(why);
  put_char('\n');
}
