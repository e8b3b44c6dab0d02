/* Doubles in XMM registers: scalar (the Mandelbrot set) and packed (a*x + y over 16 KiB). */
#include <emmintrin.h>
#include "mandelbrot.h"

#define COUNT 1024

static double x[COUNT] __attribute__((aligned(16))), y[COUNT] __attribute__((aligned(16)));

static void setup_axpy(void) {
  uint32_t seed = 10;
  for (uint32_t i = 0; i < COUNT; i++) {
    x[i] = (int32_t)next_random(&seed) * 1e-9;
    y[i] = (int32_t)next_random(&seed) * 1e-9;
  }
}

static uint64_t run_axpy(uint32_t n) {
  __m128d a = _mm_set1_pd(0.75), keep = _mm_set1_pd(0.5);
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < COUNT; i += 2) {
      __m128d sum = _mm_add_pd(_mm_mul_pd(a, _mm_load_pd(x + i)), _mm_load_pd(y + i));
      _mm_store_pd(y + i, _mm_mul_pd(sum, keep));
    }
  }
  uint64_t checksum = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    union {
      double value;
      uint64_t bits;
    } number = {y[i]};
    checksum = checksum * 31 + number.bits;
  }
  return checksum;
}

KERNEL(sse2_mandel, no_setup, run_mandelbrot);
KERNEL(sse2_axpy, setup_axpy, run_axpy);
