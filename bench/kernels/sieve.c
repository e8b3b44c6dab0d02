/* The sieve of Eratosthenes to 65,536: byte stores with growing strides. */
#include "kernel.h"

#define LIMIT 65536

static uint8_t composite[LIMIT];

static uint64_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    uint32_t primes = 0;
    for (uint32_t i = 0; i < LIMIT; i++) {
      composite[i] = 0;
      KEEP_BRANCH();
    }
    for (uint32_t i = 2; i < LIMIT; i++) {
      if (composite[i]) continue;
      primes++;
      for (uint32_t j = i * 2; j < LIMIT; j += i) composite[j] = 1;
    }
    sum = sum * 31 + primes + round;
  }
  return sum;
}

KERNEL(sieve, no_setup, run);
