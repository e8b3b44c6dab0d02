// Floating point: points of the Mandelbrot set, in SSE2 double precision and in x87 extended precision. Both give the
// same bits on every CPU: addition, subtraction, multiplication and division are exact to the last place.
#include "bench.h"

#define MANDELBROT(type, steps_total)                                                      \
  reg_t steps = 0, hash = 0;                                                               \
  type cx = -2, cy = -1.25;                                                                \
  while (steps < steps_total) {                                                            \
    type x = 0, y = 0;                                                                     \
    u32 n = 0;                                                                             \
    while (n < 200 && x * x + y * y < 4) {                                                 \
      type t = x * x - y * y + cx;                                                         \
      y = 2 * x * y + cy;                                                                  \
      x = t;                                                                               \
      n++;                                                                                 \
    }                                                                                      \
    steps += n + 1;                                                                        \
    hash = hash * 31 + n + (reg_t)(i32)((x / (y * y + 1) + 16) * 1000000);                 \
    cx += (type)1 / 29;                                                                    \
    if (cx > 1) cx = -2, cy += (type)1 / 31;                                               \
    if (cy > 1.25) cy = -1.25;                                                             \
  }                                                                                        \
  return hash;

reg_t bench_float(u8 *memory) {
  (void)memory;
  MANDELBROT(double, FLOAT_STEPS)
}

reg_t bench_x87(u8 *memory) {
  (void)memory;
  MANDELBROT(long double, X87_STEPS)
}
