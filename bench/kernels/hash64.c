/* xorshift64* (Vigna): 64-bit shifts, exclusive ors and a multiply in registers. */
#include "kernel.h"

static uint64_t run(uint32_t n) {
  uint64_t x = 0x9e3779b97f4a7c15u, sum = 0;
  for (uint32_t i = 0; i < n; i++) {
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sum ^= x * 0x2545f4914f6cdd1du;
  }
  return sum;
}

KERNEL(hash64, no_setup, run);
