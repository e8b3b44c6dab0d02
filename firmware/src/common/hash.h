// The checksum of the self-tests: order matters, any changed bit changes it, three instructions a word.
#pragma once
#include "types.h"

#define HASH_START 0x811c9dc5u // an arbitrary non-zero start (FNV's)

static inline u32 hash_word(u32 hash, u32 value) {
  hash ^= value;
  hash = (hash << 5) | (hash >> 27);
  return hash * 0x9e3779b1u; // odd, so that no information is lost (2^32 / golden ratio)
}

static inline u32 hash_reg(u32 hash, reg_t value) {
  hash = hash_word(hash, (u32)value);
#ifdef __x86_64__
  hash = hash_word(hash, (u32)(value >> 32));
#endif
  return hash;
}

static inline u32 hash_bytes(u32 hash, const void *data, u32 size) {
  const u32 *words = data; // size is a multiple of 4
  for (u32 i = 0; i < size / 4; i++) hash = hash_word(hash, words[i]);
  return hash;
}
