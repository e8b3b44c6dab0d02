// SSE and SSE2 rows: results, defined MXCSR flags, integers and EFLAGS.
#include "rows.h"
#include "sse.h"

static const u32 singles[] = {
    0x00000000, 0x80000000, 0x3f800000, 0xbfc00000, // 0, -0, 1, -1.5
    0x40490fdb, 0x3eaaaaab, 0x4b7fffff, 0xcf000000, // pi, 1/3, 2^24 - 1, -2^31
    0x00800000, 0x807fffff, 0x00000001, 0x7f7fffff, // smallest normal, -largest denormal, smallest, largest
    0x7f800000, 0xff800000, 0x7fc12345, 0xff812345, // infinities, quiet and signalling NaN
};
static const u64 doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff8000000000000,
    0x400921fb54442d18, 0x3fd5555555555555, 0x433fffffffffffff, 0xc1e0000000000000,
    0x0010000000000000, 0x800fffffffffffff, 0x0000000000000001, 0x7fefffffffffffff,
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff8123456789abc, 0xfff0123456789abc,
};
static const u64 integers[] = {
    0x0000000000000000, 0xffffffffffffffff, 0x7f807f807fff8000, 0x800000007fffffff,
    0x0123456789abcdef, 0xfedcba9876543210, 0x00ff00ff01010101, 0x8001fffe00017f7f,
};

// MXCSR: all exceptions masked; RC in bits 13-14, FZ bit 15, DAZ bit 6
static const u32 controls[] = {0x1f80, 0x3f80, 0x5f80, 0x7f80, 0x9f80, 0x1fc0};
enum { MXCSR_FLAGS = 0x3d, DAZ = 0x40 }; // flags: IE ZE OE UE PE; DE left out
enum { NO_DAZ = 1 };                     // as in ops/sse.asm

static struct sse_case fields __attribute__((aligned(16)));

static u32 run_case(u32 hash, const struct row *row, u32 control) {
  if (row->kind & NO_DAZ && control & DAZ) return hash;
  fields.mxcsr_in = control;
  call_sse(&fields, row->function);
  hash = hash_bytes(hash, fields.result, 16);
  hash = hash_word(hash, fields.integer[0]);
#ifdef __x86_64__
  hash = hash_word(hash, fields.integer[1]);
#endif
  return hash_word(hash, (fields.mxcsr_out & MXCSR_FLAGS) | (fields.eflags & row->flags) << 8);
}

static int nan_single(u32 v) { return (v & 0x7fffffff) > 0x7f800000; }
static int nan_double(u64 v) { return (v & 0x7fffffffffffffff) > 0x7ff0000000000000; }

// Lane l of a is value i + l, of b value j + l. Which of two NaNs comes out is left to other tests.
static int set_singles(u32 i, u32 j) {
  for (u32 lane = 0; lane < 4; lane++) {
    fields.a[lane] = singles[(i + lane) % COUNT_OF(singles)];
    fields.b[lane] = singles[(j + lane) % COUNT_OF(singles)];
    if (nan_single(fields.a[lane]) && nan_single(fields.b[lane])) return 0;
  }
  return 1;
}

static int set_doubles(u32 i, u32 j) {
  for (u32 lane = 0; lane < 2; lane++) {
    u64 a = doubles[(i + lane) % COUNT_OF(doubles)], b = doubles[(j + lane) % COUNT_OF(doubles)];
    fields.a[lane * 2] = (u32)a;
    fields.a[lane * 2 + 1] = (u32)(a >> 32);
    fields.b[lane * 2] = (u32)b;
    fields.b[lane * 2 + 1] = (u32)(b >> 32);
    if (nan_double(a) && nan_double(b)) return 0;
  }
  return 1;
}

static int set_integers(u32 i, u32 j) {
  for (u32 lane = 0; lane < 2; lane++) {
    u64 a = integers[(i + lane * 3) % COUNT_OF(integers)], b = integers[(j + lane * 5) % COUNT_OF(integers)];
    fields.a[lane * 2] = (u32)a;
    fields.a[lane * 2 + 1] = (u32)(a >> 32);
    fields.b[lane * 2] = (u32)b;
    fields.b[lane * 2 + 1] = (u32)(b >> 32);
  }
  return 1;
}

// Half of the pairs rounding to nearest, an eighth with the other controls
static u32 run_float(const struct row *first, const struct row *end, int (*set)(u32, u32)) {
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < 16; i++)
      for (u32 j = i & 1; j < 16; j += 2) {
        if (!set(i, j)) continue;
        hash = run_case(hash, row, controls[0]);
        if ((i + j) % 8 == 0)
          for (u32 mode = 1; mode < COUNT_OF(controls); mode++) hash = run_case(hash, row, controls[mode]);
      }
    part_done(hash);
  }
  return parts_end();
}

// A few pairs with every control: comparisons and conversions depend on one operand at a time
static u32 run_few(const struct row *first, const struct row *end, int (*set)(u32, u32)) {
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < 32; i++) {
      if (!set(i % 16, i < 16 ? i * 5 + 3 : i)) continue; // the second half: equal operands
      for (u32 mode = 0; mode < COUNT_OF(controls); mode++) hash = run_case(hash, row, controls[mode]);
    }
    part_done(hash);
  }
  return parts_end();
}

static u32 run_integers(const struct row *first, const struct row *end) {
  parts_begin();
  for (const struct row *row = first; row < end; row++) {
    u32 hash = HASH_START;
    for (u32 i = 0; i < 64; i++) {
      set_integers(i % 8, i / 8);
      hash = run_case(hash, row, controls[0]);
    }
    part_done(hash);
  }
  return parts_end();
}

#define TEST(name, run, ...) \
  ROWS(name);                \
  u32 test_##name(void) { return run(ops_##name, ops_##name##_end, ##__VA_ARGS__); }

TEST(sse_single, run_float, set_singles)
TEST(sse_double, run_float, set_doubles)
TEST(sse_compare_single, run_few, set_singles)
TEST(sse_compare_double, run_few, set_doubles)
TEST(sse_convert_single, run_few, set_singles)
TEST(sse_convert_double, run_few, set_doubles)
TEST(sse_integer, run_integers)
TEST(sse_shuffle, run_integers)
TEST(sse_shift, run_integers)
TEST(mmx, run_integers)
