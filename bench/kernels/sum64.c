/* A walk over 64-bit numbers: load, add, compare, keep the greatest. */
#include "kernel.h"

#define COUNT 8192

static uint64_t numbers[COUNT];

static void setup(void) { fill_random(numbers, sizeof numbers, 9); }

static uint64_t run(uint32_t n) {
  uint64_t sum = 0, greatest = 0;
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      uint64_t value = numbers[i];
      sum += value;
      if (value > greatest) {
        KEEP_BRANCH();
        greatest = value;
      }
    }
    numbers[round % COUNT] += sum;
  }
  return sum ^ greatest;
}

KERNEL(sum64, setup, run);
