/* Multiplication of large numbers, limb by limb, as RSA does it: a wide product, two carries, a load and a store a step. */
#include "kernel.h"

#define LIMBS 32

#if __SIZEOF_POINTER__ == 8
typedef uint64_t limb;
typedef unsigned __int128 wide;
#else
typedef uint32_t limb;
typedef uint64_t wide;
#endif

static limb a[LIMBS], b[LIMBS], product[2 * LIMBS];

static void setup(void) {
  fill_random(a, sizeof a, 5);
  fill_random(b, sizeof b, 6);
  fill_random(product, sizeof product, 7);
}

/* Adds `count` limbs of `from`, times `factor`, and gives the carry out. */
static __attribute__((noinline)) limb add_multiple(limb *to, const limb *from, size_t count, limb factor) {
  limb carry = 0;
  for (size_t i = 0; i < count; i++) {
    wide sum = (wide)from[i] * factor + to[i] + carry;
    to[i] = (limb)sum;
    carry = (limb)(sum >> (8 * sizeof(limb)));
  }
  return carry;
}

static uint64_t run(uint32_t n) {
  for (uint32_t round = 0; round < n; round++) {
    for (size_t i = 0; i < LIMBS; i++) product[i + LIMBS] += add_multiple(product + i, a, LIMBS, b[i]);
    a[round % LIMBS] ^= product[LIMBS];
  }
  limb sum = 0;
  for (size_t i = 0; i < 2 * LIMBS; i++) sum ^= product[i];
  return sum;
}

KERNEL(mpi, setup, run);
