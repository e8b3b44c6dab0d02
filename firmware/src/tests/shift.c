// Shifts and rotates: which flags are defined depends on the count (SDM volume 2, SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR,
// SHLD, SHRD).
#include "rows.h"
#include "integer.h"

enum { SIZE = 0xff, ROTATE_THROUGH_CARRY = 0x100, ROTATE = 0x200, DOUBLE = 0x400, ARITHMETIC = 0x800 };

static const reg_t values[] = {
    1, 0x80, 0x8000, 0x12345678, 0x80000001, 0xffffffff,
#ifdef __x86_64__
    0x8000000000000001, 0x9abcdef013579bdf,
#endif
};
static const u8 counts[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 0xff};

static u32 masked(u32 count, u32 kind) { return count & ((kind & SIZE) == 64 ? 63 : 31); }

static u32 defined_flags(u32 count, u32 kind) {
  u32 size = kind & SIZE;
  if (count == 0) return ALL_FLAGS; // nothing changes
  if (kind & (ROTATE | ROTATE_THROUGH_CARRY)) return count == 1 ? ALL_FLAGS : ALL_FLAGS & ~OF;
  u32 flags = PF | ZF | SF;
  if (count == 1) flags |= OF;
  if (count < size || kind & ARITHMETIC) flags |= CF;
  return flags;
}

static u32 run_shifts(const struct row *first, const struct row *end) {
  reg_t base = system_flags();
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < COUNT_OF(values) * COUNT_OF(counts); i++) {
      reg_t value = values[i / COUNT_OF(counts)];
      u32 count = masked(counts[i % COUNT_OF(counts)], row->kind);
      if (row->kind & DOUBLE && count >= (row->kind & SIZE)) continue; // result undefined
      struct regs regs = {value, counts[i % COUNT_OF(counts)], values[i % COUNT_OF(values)], 0, 0, 0,
                          base | (i & 1 ? ALL_FLAGS : 0)};
      call_op(&regs, row->function);
      hash = hash_reg(hash, regs.a);
      hash = hash_word(hash, (u32)regs.flags & defined_flags(count, row->kind));
    }
    part_done(hash);
  }
  return parts_end();
}

#define SHIFTS(name) \
  ROWS(name);        \
  u32 test_##name(void) { return run_shifts(ops_##name, ops_##name##_end); }

SHIFTS(shift)
SHIFTS(rotate)
SHIFTS(double_shift)
