// Integer rows over edge values, with carry clear and set.
#include "rows.h"
#include "integer.h"

// Around zero, the sign and the end of every operand size, and two patterns without symmetry
static const reg_t values[] = {
    0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x12345678, 0x7fffffff, 0x80000000, 0xffffffff,
#ifdef __x86_64__
    0x9abcdef013579bdf, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
#else
    0x9abcdef0,
#endif
};

static u32 run_case(u32 hash, const struct row *row, struct regs *regs) {
  call_op(regs, row->function);
  hash = hash_reg(hash, regs->a);
  hash = hash_reg(hash, regs->c);
  hash = hash_reg(hash, regs->d);
  return hash_word(hash, (u32)regs->flags & row->flags);
}

static u32 run_pairs(const struct row *first, const struct row *end, u32 step) {
  reg_t base = system_flags();
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < COUNT_OF(values); i++)
      for (u32 j = i % step; j < COUNT_OF(values); j += step) {
        struct regs regs = {values[i], values[(i + j) % COUNT_OF(values)], values[j], values[i] ^ values[j],
                            values[j] + 1, values[i] + values[j], base | ((i ^ j) & 1)};
        hash = run_case(hash, row, &regs);
      }
    part_done(hash);
  }
  return parts_end();
}

#define PAIRS(name, step) \
  ROWS(name);             \
  u32 test_##name(void) { return run_pairs(ops_##name, ops_##name##_end, step); }

PAIRS(add, 2)
PAIRS(sub, 2)
PAIRS(logic, 2)
PAIRS(unary, 3)
PAIRS(extend, 3)
PAIRS(exchange, 2)
PAIRS(shift_fixed, 2)
PAIRS(multiply, 1)
PAIRS(divide, 2)
PAIRS(bits, 2)
PAIRS(address, 4)
PAIRS(loops, 2)

ROWS(condition);
// All 64 combinations of the six flags
u32 test_condition(void) {
  reg_t base = system_flags();
  parts_begin();
  for EACH_ROW (row, condition) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < 64; i++) {
      reg_t flags = (i & 1) | (i & 2) << 1 | (i & 4) << 2 | (i & 8) << 3 | (i & 16) << 3 | (i & 32) << 6;
      struct regs regs = {~(reg_t)0, 0x12345678, 0, 0, 0, 0, base | flags};
      hash = run_case(hash, row, &regs);
    }
    part_done(hash);
  }
  return parts_end();
}

#ifndef __x86_64__
ROWS(bcd);
// Every AL with the four states of CF and AF
u32 test_bcd(void) {
  reg_t base = system_flags();
  parts_begin();
  for EACH_ROW (row, bcd) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < 1024; i += 7) {
      struct regs regs = {(i & 0xff) | (i & 0x1c) << 6, 0, 0, 0, 0, 0, base | ((i >> 8) & 1) | ((i >> 5) & 0x10)};
      hash = run_case(hash, row, &regs);
    }
    part_done(hash);
  }
  return parts_end();
}
#endif
