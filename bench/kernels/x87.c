/* Doubles on the x87 stack. */
#include "mandelbrot.h"

KERNEL(x87_mandel, no_setup, run_mandelbrot);
