/* A benchmark kernel: a fixed amount of work whose result is a checksum. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct kernel {
  const char *name;
  /* Lays out the data; runs before each round, outside the measured time. */
  void (*setup)(void);
  uint64_t (*run)(uint32_t n);
};

/* The linker collects the kernels; main.c finds them by name. */
#define KERNEL(id, setup, run)                                                                   \
  static const struct kernel kernel_##id = {#id, setup, run};                                    \
  const struct kernel *const entry_##id __attribute__((section("kernels"), used)) = &kernel_##id

/* Keeps the compiler from turning the branch that it stands in into arithmetic. */
#define KEEP_BRANCH() __asm__ volatile("")

/* A register-sized word, whatever it may alias. */
typedef unsigned long __attribute__((may_alias)) word;
typedef unsigned long __attribute__((may_alias, aligned(1))) unaligned_word;

/* Marsaglia's xorshift32: data that is the same everywhere. */
static inline uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static inline void fill_random(void *to, size_t bytes, uint32_t seed) {
  uint32_t *words = to;
  for (size_t i = 0; i < bytes / 4; i++) words[i] = next_random(&seed);
}

static inline void no_setup(void) {}
