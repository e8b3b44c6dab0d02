/* The product of two 48x48 matrices of 32-bit integers: multiplies and strided loads. */
#include "kernel.h"

#define SIDE 48

static uint32_t a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static void setup(void) {
  fill_random(a, sizeof a, 6);
  fill_random(b, sizeof b, 7);
}

static uint64_t run(uint32_t n) {
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < SIDE; i++) {
      for (uint32_t j = 0; j < SIDE; j++) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    }
    a[round % SIDE][round / SIDE % SIDE] ^= c[round % 7][round % 5];
  }
  return c[3][5] ^ c[SIDE - 1][SIDE - 2];
}

KERNEL(matmul, setup, run);
