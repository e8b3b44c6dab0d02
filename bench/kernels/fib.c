/* Fibonacci numbers by recursion: calls, returns and the stack. */
#include "kernel.h"

static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += fib(20 + (i & 1));
  return sum;
}

KERNEL(fib, no_setup, run);
