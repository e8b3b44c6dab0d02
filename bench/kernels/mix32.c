/* The block mix of MurmurHash3's 32-bit variant, written anew: multiplies and rotates, nothing else. */
#include "kernel.h"

static inline uint32_t rotate(uint32_t value, int by) { return value << by | value >> (32 - by); }

static uint64_t run(uint32_t n) {
  uint32_t hash = 1;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t block = rotate(i * 0xcc9e2d51u, 15) * 0x1b873593u;
    hash = rotate(hash ^ block, 13) * 5 + 0xe6546b64u;
  }
  return hash;
}

KERNEL(mix32, no_setup, run);
