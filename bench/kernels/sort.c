/* Quicksort of 8,192 numbers: recursion, unpredictable branches, swaps. */
#include "kernel.h"

#define COUNT 8192

static uint32_t numbers[COUNT];

static void quicksort(uint32_t *from, uint32_t *to) {
  while (to - from > 1) {
    uint32_t pivot = from[(to - from) / 2];
    uint32_t *low = from, *high = to - 1;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low > high) break;
      uint32_t kept = *low;
      *low++ = *high;
      *high-- = kept;
    }
    quicksort(from, high + 1);
    from = low;
  }
}

static uint64_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    fill_random(numbers, sizeof numbers, round + 1);
    quicksort(numbers, numbers + COUNT);
    for (uint32_t i = 0; i < COUNT; i += 97) sum = sum * 31 + numbers[i];
  }
  return sum;
}

KERNEL(sort, no_setup, run);
