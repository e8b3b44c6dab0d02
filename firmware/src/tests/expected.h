// The suite and its checksums: below long mode (16- and 32-bit code give the same) and in long mode.
// How they were made: host/check.sh runs the same sources as programs on the host's CPU and compares.
#pragma once

#ifdef __x86_64__
#define LEGACY_ONLY(row)
#else
#define LEGACY_ONLY(row) row
#endif

#define INTEGER_SUITE(T) \
  T("add, adc", add, 0xa741e2b2, 0x814f9fe0) \
  T("sub, sbb, cmp", sub, 0xb0c90794, 0x43012d51) \
  T("and, or, xor, test", logic, 0x05b5522b, 0x71f0d0b3) \
  T("inc, dec, neg, not", unary, 0x6c20b38c, 0x8e63f5b7) \
  T("sign and zero extension, flags", extend, 0x381a440b, 0x8e322efe) \
  T("xchg, xadd, cmpxchg", exchange, 0x69d7a5ad, 0x911fc4c7) \
  T("shl, shr, sar", shift, 0x993dff6c, 0xe4b445d8) \
  T("rol, ror, rcl, rcr", rotate, 0xd4bb7a62, 0x3023e466) \
  T("shld, shrd", double_shift, 0x7fc30a75, 0x22e2c70f) \
  T("shifts by one and by immediate", shift_fixed, 0x249a904a, 0xf538d819) \
  T("mul, imul", multiply, 0xa258a555, 0x3996cb0e) \
  T("div, idiv", divide, 0x4cc5786c, 0xc6132b13) \
  T("bit test and scan", bits, 0x9f45a593, 0xf68f27b8) \
  T("conditions", condition, 0x100b7e6c, 0x29507d56) \
  LEGACY_ONLY(T("decimal adjust", bcd, 0x73390181, 0x73390181)) \
  T("addresses and stack", address, 0x9c075e59, 0x3faeeba9) \
  T("loop, jcxz", loops, 0x74f735bd, 0x2055c4d6) \
  T("string instructions", strings, 0xcee353b2, 0xd041555e)

#define FLOAT_SUITE(T, STRICT) \
  T("x87 arithmetic", x87_arithmetic, 0xf16df3b8, 0xf16df3b8) \
  T("x87 rounding and precision", x87_control, 0x09319384, 0x09319384) \
  T("x87 to integer, BCD, float", x87_round, 0xe9987018, 0xe9987018) \
  T("x87 comparisons", x87_compare, 0x072641a9, 0x072641a9) \
  T("x87 parts and remainders", x87_parts, 0xc1a5c72b, 0xc1a5c72b) \
  T("x87 loads", x87_load, 0x175b518c, 0x175b518c) \
  T("x87 constants and stack", x87_stack, 0x5d674ed6, 0x5d674ed6) \
  T("x87 moves", x87_move, 0x7af61e9f, 0x7af61e9f) \
  STRICT("x87 stack faults", x87_strict, 0x7cc72606, 0x7cc72606) \
  T("SSE single arithmetic", sse_single, 0x96850ccb, 0xef32f333) \
  T("SSE2 double arithmetic", sse_double, 0x3039d359, 0xd733b695) \
  T("SSE single comparisons", sse_compare_single, 0x20f973c9, 0x4685cb16) \
  T("SSE2 double comparisons", sse_compare_double, 0xc02d515f, 0x72797bfe) \
  T("SSE single conversions", sse_convert_single, 0x7518caa1, 0x994146c2) \
  T("SSE2 double conversions", sse_convert_double, 0xa2544cf0, 0x2e7d8c80) \
  T("SSE2 integer arithmetic", sse_integer, 0x05a994d5, 0x326e989e) \
  T("SSE2 shuffles and moves", sse_shuffle, 0xaf37370b, 0xcea4bb3c) \
  T("SSE2 shifts", sse_shift, 0xeb447294, 0xd6b8b880) \
  T("MMX", mmx, 0xaa5b735b, 0x172f008c)
