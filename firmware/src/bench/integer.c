// Integer arithmetic, calls and recursion, indirect jumps.
#include "bench.h"

reg_t bench_integer(u8 *memory) {
  (void)memory;
  enum { FIRST = 13, SECOND = BY_WIDTH(7, 17), THIRD = BY_WIDTH(17, 5) }; // Marsaglia's xorshift
  reg_t x = (reg_t)0x9e3779b97f4a7c15, sum = 0;
  u32 y = 12345;
  for (u32 i = 1; i <= INTEGER_ITERATIONS; i++) {
    x ^= x << FIRST;
    x ^= x >> SECOND;
    x ^= x << THIRD;
    y = y * 1664525 + 1013904223;
    sum += x / (y | 1) + x % (i | 64);
    sum = sum << 9 | sum >> (REG_BITS - 9);
    sum ^= (reg_t)((long)x >> 3) * y;
  }
  return sum;
}

static reg_t __attribute__((noinline)) fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

reg_t bench_calls(u8 *memory) {
  (void)memory;
  return fibonacci(CALLS_DEPTH);
}

// A stack machine: most of its time goes into one indirect jump.
enum { PUSH, ADD, SUB, XOR, ROTATE, SWAP, MULTIPLY, JUMP };
reg_t bench_indirect(u8 *memory) {
  (void)memory;
  static const u8 program[] = {PUSH, 7, ADD, PUSH, 13, MULTIPLY, ROTATE, SWAP, XOR, PUSH, 3, SUB, SWAP, ADD, ROTATE, JUMP};
  static const void *const labels[] = {&&push, &&add, &&sub, &&xor, &&rotate, &&swap, &&multiply, &&jump};
  reg_t a = 1, b = 2, c = 3; // top three of the stack
  u32 steps = INDIRECT_STEPS;
  const u8 *pc = program;
#define NEXT            \
  if (!steps--) goto end; \
  goto *labels[*pc++]
  NEXT;
push:
  c = b, b = a, a = *pc++;
  NEXT;
add:
  a += b, b = c;
  NEXT;
sub:
  a = b - a, b = c;
  NEXT;
xor:
  a ^= b;
  NEXT;
rotate:
  a = a << 7 | a >> (REG_BITS - 7);
  NEXT;
swap: {
  reg_t t = a;
  a = b, b = t;
}
  NEXT;
multiply:
  a = a * b + 1, b = c;
  NEXT;
jump:
  pc = program;
  NEXT;
end:
  return a ^ b << 1 ^ c << 2;
}
