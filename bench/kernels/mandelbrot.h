/* The Mandelbrot set in doubles: dependent multiplies, adds and a compare. */
#include "kernel.h"

#define SIDE 64
#define LIMIT 100

static uint64_t run_mandelbrot(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    double shift = round * 1e-6;
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        double cx = column * (3.0 / SIDE) - 2.0 + shift, cy = row * (2.0 / SIDE) - 1.0, x = 0, y = 0;
        uint32_t steps = 0;
        while (steps < LIMIT && x * x + y * y < 4.0) {
          double t = x * x - y * y + cx;
          y = 2 * x * y + cy;
          x = t;
          steps++;
        }
        sum = sum * 31 + steps;
      }
    }
  }
  return sum;
}
