/* Copies of 64 KiB by the word: aligned, and with both ends misaligned. */
#include "kernel.h"

#define BYTES 65536
#define APART 4096 /* keeps source and destination from sharing slots of a direct-mapped TLB */

static struct {
  uint8_t from[BYTES + 64] __attribute__((aligned(4096)));
  uint8_t gap[APART];
  uint8_t to[BYTES + 64] __attribute__((aligned(64)));
} area;

static void setup(void) { fill_random(area.from, BYTES, 5); }

static uint32_t probe(const uint8_t *at, uint32_t round) { return at[round * 61 % BYTES]; }

static uint64_t run_aligned(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    const word *from = (const word *)area.from;
    word *to = (word *)area.to;
    for (uint32_t i = 0; i < BYTES / sizeof(word); i++) to[i] = from[i];
    area.from[round % BYTES]++;
    sum = sum * 31 + probe(area.to, round);
  }
  return sum;
}

static uint64_t run_misaligned(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    const unaligned_word *from = (const unaligned_word *)(area.from + 1);
    unaligned_word *to = (unaligned_word *)(area.to + 3);
    for (uint32_t i = 0; i < BYTES / sizeof(word); i++) to[i] = from[i];
    area.from[round % BYTES]++;
    sum = sum * 31 + probe(area.to, round);
  }
  return sum;
}

KERNEL(copy, setup, run_aligned);
KERNEL(copyu, setup, run_misaligned);
