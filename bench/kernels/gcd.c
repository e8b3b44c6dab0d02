/* Euclid's greatest common divisor: divisions that wait for each other. */
#include "kernel.h"

static uint64_t run(uint32_t n) {
  uint32_t sum = 0, seed = 8;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t a = next_random(&seed), b = next_random(&seed);
    while (b != 0) {
      uint32_t rest = a % b;
      a = b;
      b = rest;
    }
    sum = sum * 31 + a;
  }
  return sum;
}

KERNEL(gcd, no_setup, run);
