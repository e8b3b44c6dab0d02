// x87 rows over 80-bit values: the whole result, the defined status bits, and what was stored.
#include "rows.h"
#include "x87.h"

// The first eight are ordinary numbers and are also used with every rounding and precision control.
static const struct x87_value values[] = {
    {0x8000000000000000, 0x3fff, {0}}, // 1
    {0xc90fdaa22168c235, 0xc000, {0}}, // -pi
    {0xaaaaaaaaaaaaaaab, 0x3ffd, {0}}, // 1/3
    {0xa000000000000000, 0x4000, {0}}, // 2.5
    {0xfffffffffffffffe, 0x401e, {0}}, // just below 2^32
    {0x8000000000000001, 0xbfbe, {0}}, // about -2^-65
    {0xc0e6b74a5c123457, 0x400c, {0}}, // about 12345.7
    {0x8000008000000001, 0x3ffe, {0}}, // 0.5 and bits beside single precision
    {0x0000000000000000, 0x0000, {0}}, // 0
    {0x0000000000000000, 0x8000, {0}}, // -0
    {0xffffffffffffffff, 0x7ffe, {0}}, // largest finite
    {0x8000000000000000, 0x8001, {0}}, // smallest normal, negative
    {0x0000000000000001, 0x0000, {0}}, // smallest denormal
    {0x7fffffff00000000, 0x0000, {0}}, // denormal
    {0x8000000000000000, 0x7fff, {0}}, // infinity
    {0x8000000000000000, 0xffff, {0}}, // -infinity
    {0xc000000000001234, 0x7fff, {0}}, // quiet NaN
    {0xa000000000005678, 0xffff, {0}}, // signalling NaN
    {0x1234567812345678, 0x4005, {0}}, // unnormal: an invalid operand since the 387
    {0xde0b6b3a763fffff, 0x403a, {0}}, // just below 10^18, the limit of packed BCD
};
enum { ORDINARY = 8 };

enum { MASK_ALL = 0x003f, EXTENDED = 0x0300, ROUNDINGS = 4 };
enum { NEAR_ONLY = 0x10000, ONE_NAN = 0x20000, EXTENDED_ONLY = 0x40000 }; // as in ops/x87.asm

static struct x87_case fields __attribute__((aligned(16)));

static int normal(const struct x87_value *v) {
  u32 exponent = v->sign_exponent & 0x7fff;
  return exponent > 0 && exponent < 0x7fff && v->significand >> 63;
}

static int nan(const struct x87_value *v) {
  return (v->sign_exponent & 0x7fff) == 0x7fff && v->significand << 1;
}

static int usable(const struct row *row, u32 control, const struct x87_value *a, const struct x87_value *b) {
  if (row->kind & ONE_NAN && nan(a) && nan(b)) return 0;
  if (row->kind & EXTENDED_ONLY && (control & EXTENDED) != EXTENDED) return 0;
  if (!(row->kind & NEAR_ONLY)) return 1;
  return normal(a) && normal(b) && (a->sign_exponent & 0x7fff) - (b->sign_exponent & 0x7fff) < 63;
}

static u32 run_case(u32 hash, const struct row *row, u32 control, u32 i, u32 j) {
  if (!usable(row, control, &values[i], &values[j])) return hash;
  fields.a = values[i];
  fields.b = values[j];
  fields.control = (u16)control;
  for (u32 word = 0; word < 4; word++) fields.memory[word] = 0;
  call_x87(&fields, row->function);
  hash = hash_word(hash, (u32)fields.result.significand);
  hash = hash_word(hash, (u32)(fields.result.significand >> 32));
  hash = hash_word(hash, fields.result.sign_exponent | (fields.status & row->kind) << 16);
  for (u32 word = 0; word < 3; word++) hash = hash_word(hash, fields.memory[word]);
  return hash_word(hash, fields.eflags & row->flags);
}

// Half of the pairs of values, or with `unary` each value once, rounding to nearest with extended precision
static u32 run_values(const struct row *first, const struct row *end, int unary) {
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < COUNT_OF(values); i++)
      for (u32 j = unary ? 0 : i & 1; j < (unary ? 1 : COUNT_OF(values)); j += 2)
        hash = run_case(hash, row, MASK_ALL | EXTENDED, i, j);
    part_done(hash);
  }
  return parts_end();
}

// Ordinary values, half of the pairs, with all rounding and precision controls (precision 01 is reserved)
static u32 run_controls(const struct row *first, const struct row *end, int unary, u32 count) {
  static const u16 precisions[] = {0x000, 0x200, EXTENDED};
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 mode = 0; mode < ROUNDINGS * 3; mode++)
      for (u32 i = 0; i < count; i++)
        for (u32 j = unary ? 0 : (i + mode) & 1; j < (unary ? 1 : count); j += 2)
          hash = run_case(hash, row, MASK_ALL | precisions[mode % 3] | (mode / 3) << 10, i, j);
    part_done(hash);
  }
  return parts_end();
}

#define TEST(name, table, run, ...) \
  u32 test_##name(void) { return run(ops_##table, ops_##table##_end, __VA_ARGS__); }

ROWS(x87_arithmetic);
ROWS(x87_round);
ROWS(x87_compare);
ROWS(x87_parts);
ROWS(x87_load);
ROWS(x87_stack);
ROWS(x87_move);
ROWS(x87_strict);
TEST(x87_arithmetic, x87_arithmetic, run_values, 0)
TEST(x87_control, x87_arithmetic, run_controls, 0, ORDINARY)
TEST(x87_round, x87_round, run_controls, 1, COUNT_OF(values))
TEST(x87_compare, x87_compare, run_values, 0)
TEST(x87_parts, x87_parts, run_values, 0)
TEST(x87_load, x87_load, run_values, 1)
TEST(x87_stack, x87_stack, run_controls, 1, 1)
TEST(x87_move, x87_move, run_values, 1)
TEST(x87_strict, x87_strict, run_controls, 0, ORDINARY)
