// Debug registers (SDM volume 3, chapter 18) and alignment checks.
#include "debug.h"
#include "../common/guard.h"
#include "../common/report.h"
#include "../common/shared.h"

void watched_code(void);
extern u8 watched_target[], write_watched_end[];
void write_watched(void);
void read_watched(void);
void resume_past(void);
void touch_debug_registers(void);
void check_alignment(void);
extern u32 watched_data[];

enum { DB = 1, AC = 17 };
enum { L0 = 1, L1 = 4, GD = 1 << 13, FIXED_ONE = 0x400 };
enum { EXECUTE0 = 0, WRITE1_4 = 1 << 20 | 3 << 22, ACCESS1_4 = 3 << 20 | 3 << 22 };
enum { B0 = 1, B1 = 2, BD = 1 << 13, DR6_NONE = (int)0xffff0ff0 };

static void arm(reg_t address0, reg_t address1, u32 control) {
  __asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\tmov %2, %%dr6\n\tmov %3, %%dr7"
                   : : "r"(address0), "r"(address1), "r"((reg_t)(u32)DR6_NONE), "r"((reg_t)(control | FIXED_ONE)));
}

static u32 disarm(void) { // answers B0 to B3 and BD
  reg_t status;
  __asm__ volatile("mov %1, %%dr7\n\tmov %%dr6, %0" : "=r"(status) : "r"((reg_t)FIXED_ONE));
  return (u32)status & 0x200f;
}

static void expect_debug(const char *name, void *function, u32 where, reg_t ip, u32 status) {
  struct trap trap;
  guarded(function, 0, where, &trap);
  u32 got = disarm();
  check(name, DB, trap.vector);
  check(name, ip, trap.ip);
  check(name, status, got);
}

void run_debug_tests(const char *mode) {
  reg_t code = (reg_t)watched_target, data = (reg_t)watched_data;
  struct trap trap;
  checks_begin(mode, "debug registers");
  arm(code, data, L0 | EXECUTE0);
  expect_debug("breakpoint, ring 0", watched_code, RING0, code, B0);
  arm(code, data, L0 | EXECUTE0);
  expect_debug("breakpoint, ring 3", watched_code, RING3, code, B0);
  arm(code, data, L1 | WRITE1_4);
  expect_debug("write watched", write_watched, RING0, (reg_t)write_watched_end, B1);
  arm(code, data + 3, L1 | (1 << 20)); // one byte, the last of the doubleword
  expect_debug("one byte watched", write_watched, RING3, (reg_t)write_watched_end, B1);
  arm(code, data, L1 | WRITE1_4);
  guarded(read_watched, 0, RING0, &trap);
  disarm();
  check("reading is not writing", VECTOR_RETURNED, trap.vector);
  arm(code, data, L1 | ACCESS1_4);
  guarded(read_watched, 0, RING0, &trap);
  check("read watched", DB, trap.vector);
  check("read watched", B1, disarm());
  arm(code, data, L0 | EXECUTE0);
  check("RF: goes past once", 1, guarded(resume_past, 0, RING0, &trap));
  disarm();
  check("RF: vector", VECTOR_RETURNED, trap.vector);
  if (!shared->under_qemu) { // not in QEMU's TCG
    arm(code, data, GD);
    expect_debug("general detect", touch_debug_registers, RING0, (reg_t)touch_debug_registers, BD);
  }
  checks_end();
}

void run_alignment_tests(const char *mode) {
  if (shared->under_qemu) {
    report_skip(mode, "alignment check", "QEMU's TCG does not do it");
    return;
  }
  struct trap trap;
  reg_t cr0;
  checks_begin(mode, "alignment check");
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  guarded(check_alignment, 0, RING3, &trap);
  check("without CR0.AM", VECTOR_RETURNED, trap.vector);
  __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | 0x40000));
  guarded(check_alignment, 0, RING3, &trap);
  check("ring 3: vector", AC, trap.vector);
  check("ring 3: error code", 0, trap.error);
  guarded(check_alignment, 0, RING0, &trap);
  check("ring 0: none", VECTOR_RETURNED, trap.vector);
  __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
  checks_end();
}
