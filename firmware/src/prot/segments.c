// Segmentation: descriptor loads, limits and types, LAR, LSL, VERR, VERW, ARPL, LDT, 16-bit code.
#include "../common/layout.h"
#include "../common/report.h"
#include "../common/shared.h"
#include "../common/traps.h"
#include "kernel.h"

TRAP_CASES(segment_loads);
TRAP_CASES(segment_limits);
u32 within_limits(void);
u32 read_with_base(u32 selector, u32 offset);
u32 call_code16(void);
u32 call_conforming(void);

enum { REFUSED = 0xdeadbeef, ABSENT_VECTOR = 0x50 };

static u32 lar(u32 selector) {
  u32 value = REFUSED;
  __asm__("lar %1, %0" : "+r"(value) : "r"(selector) : "cc");
  return value;
}

static u32 lsl(u32 selector) {
  u32 value = REFUSED;
  __asm__("lsl %1, %0" : "+r"(value) : "r"(selector) : "cc");
  return value;
}

static u32 verr(u32 selector) {
  u8 ok;
  __asm__("verr %w1\n\tsetz %0" : "=q"(ok) : "r"(selector) : "cc");
  return ok;
}

static u32 verw(u32 selector) {
  u8 ok;
  __asm__("verw %w1\n\tsetz %0" : "=q"(ok) : "r"(selector) : "cc");
  return ok;
}

static u32 arpl(u32 selector, u32 with) { // ZF in bit 16
  u8 raised;
  __asm__("arpl %w2, %w0\n\tsetz %1" : "+r"(selector), "=q"(raised) : "r"(with) : "cc");
  return selector | (u32)raised << 16;
}

static void descriptor_queries(void) {
  checks_begin("prot", "lar, lsl, verr, verw, arpl");
  check("lar of code", 0x00c09b00, lar(CODE0) & 0x00f0ff00);
  check("lar of a TSS", 0x00008b00, lar(TSS_MAIN) & 0x00f0ff00); // busy
  check("lar of a call gate", 0x0000ec00, lar(GATE_SUM) & 0xff00);
  check("lar of null", REFUSED, lar(0));
  check("lar past the GDT", REFUSED, lar(0xfff8));
  check("lsl of flat data", 0xffffffff, lsl(DATA0));
  check("lsl in bytes", 0xff, lsl(DATA_SMALL));
  check("lsl in pages", 0x1fff, lsl(DATA_PAGES));
  check("lsl of a call gate", REFUSED, lsl(GATE_SUM));
  check("verr of data", 1, verr(DATA0));
  check("verr of execute-only code", 0, verr(CODE_EXECUTE_ONLY));
  check("verw of data", 1, verw(DATA0));
  check("verw of read-only data", 0, verw(DATA_READ_ONLY));
  check("verw of code", 0, verw(CODE0));
  check("arpl raises", 0x10013, arpl(0x10, 0x23));
  check("arpl keeps", 0x13, arpl(0x13, 0x21));
  checks_end();
}

static void bases(void) {
  volatile u32 *page = (volatile u32 *)TEST_PAGES;
  for (u32 i = 0; i < 256; i++) page[i] = i * 0x01010101;
  checks_begin("prot", "segment bases, LDT, 16-bit and conforming code");
  check("base", 0x05050505, read_with_base(DATA_SMALL, 20));
  __asm__ volatile("lldt %w0" : : "r"(LDT));
  u32 table;
  __asm__ volatile("sldt %0" : "=r"(table));
  check("sldt", LDT, table & 0xffff);
  check("through the LDT", 0x42424242, read_with_base(0x0f, 8));
  __asm__ volatile("lldt %w0" : : "r"(0));
  check("16-bit code", 0x2345, call_code16());
  check("conforming code, ring 0", CODE_CONFORMING, call_conforming());
  struct trap trap;
  check("conforming code, ring 3", CODE_CONFORMING | 3, guarded(call_conforming, 0, RING3, &trap));
  checks_end();
}

void segment_tests(void) {
  idt[ABSENT_VECTOR] &= ~((u64)PRESENT << 40);
  run_trap_cases("prot", "segment loads", traps_segment_loads, traps_segment_loads_end, RING0);
  descriptor_queries();
  bases();
  if (shared->under_qemu) {
    report_skip("prot", "segment limits and types", "QEMU's TCG does not check them");
    return;
  }
  run_trap_cases("prot", "segment limits and types", traps_segment_limits, traps_segment_limits_end, RING3);
  checks_begin("prot", "inside of segment limits");
  check("last bytes", 7, within_limits());
  checks_end();
}
