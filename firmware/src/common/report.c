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

void report_skip(const char *mode, const char *name, const char *why) {
  shared->skipped++;
  put_name("[skip] ", mode, name);
  put_text("  ");
  put_text(why);
  put_char('\n');
}

enum { MAX_SHOWN = 8 };
static const char *checks_mode, *checks_name;
static u32 checks_count, checks_failed;

void checks_begin(const char *mode, const char *name) {
  checks_mode = mode;
  checks_name = name;
  checks_count = checks_failed = 0;
}

void check(const char *what, reg_t expected, reg_t got) {
  checks_count++;
  if (expected == got || ++checks_failed > MAX_SHOWN) return;
  put_name("[FAIL] ", checks_mode, checks_name);
  put_text(": ");
  put_text(what);
  put_text("  expected ");
  put_hex(expected, sizeof(reg_t) * 2);
  put_text(" got ");
  put_hex(got, sizeof(reg_t) * 2);
  put_char('\n');
}

u32 checks_end(void) {
  count(!checks_failed);
  if (checks_failed) return 0;
  put_name("[ ok ] ", checks_mode, checks_name);
  put_text("  ");
  put_decimal(checks_count);
  put_text(checks_count == 1 ? " check\n" : " checks\n");
  return 1;
}

void report_fatal(const char *mode, reg_t vector, reg_t error, reg_t ip, reg_t cr2) {
  put_name("[FAIL] ", mode, "unexpected exception ");
  put_decimal(vector);
  put_text(", error code ");
  put_hex(error, 8);
  put_text(", instruction pointer ");
  put_hex(ip, sizeof(reg_t) * 2);
  put_text(", CR2 ");
  put_hex(cr2, sizeof(reg_t) * 2);
  put_text("; halted\n");
  for (;;) __asm__ volatile("cli\n\thlt");
}
