// Byte scanning, memory inside and outside of a cache, string instructions.
#include "bench.h"

static void fill_text(u8 *text, u32 size) {
  u32 state = 1;
  for (u32 i = 0; i < size; i++) {
    state = state * 1103515245 + 12345;
    u32 r = state >> 16 & 63;
    text[i] = r < 26 ? 'a' + r : r < 36 ? '0' + (r - 26) : r < 38 ? '\n' : r < 44 ? ' ' : r < 60 ? 'A' + (r - 44) : '.';
  }
}

u64 bench_branches(void) {
  u8 *text = bench_memory;
  fill_text(text, BRANCHES_BYTES);
  u64 words = 0, lines = 0, numbers = 0, capitals = 0, longest = 0;
  for (u32 pass = 0; pass < BRANCHES_PASSES; pass++) {
    u32 length = 0;
    for (u32 i = 0; i < BRANCHES_BYTES; i++) {
      u8 c = text[i];
      if (c >= 'a' && c <= 'z') length++;
      else if (c >= 'A' && c <= 'Z') length++, capitals++;
      else {
        if (length) words++;
        if (length > longest) longest = length;
        length = 0;
        if (c == '\n') lines++;
        else if (c >= '0' && c <= '9') numbers += c - '0';
      }
    }
  }
  return words * 1000003 + lines * 1009 + numbers * 31 + capitals * 7 + longest;
}

u64 bench_memory_near(void) {
  volatile u64 *words = (volatile u64 *)bench_memory;
  for (u32 i = 0; i < NEAR_BYTES / 8; i++) words[i] = i * 0x0123456789abcdefull;
  u64 sum = 0;
  for (u32 pass = 0; pass < NEAR_PASSES; pass++)
    for (u32 i = 0; i < NEAR_BYTES / 8; i++) {
      u64 value = words[i];
      sum += value;
      words[i] = value ^ (sum >> 3);
    }
  return sum;
}

u64 bench_memory_far(void) {
  u64 *words = (u64 *)bench_memory;
  enum { WORDS = BENCH_BYTES / 8 };
  for (u32 i = 0; i < WORDS; i += 8) words[i] = i;
  u64 sum = 0;
  u32 at = 1;
  for (u32 i = 0; i < FAR_ACCESSES; i++) {
    at = (at * 1664525 + 1013904223) & 0x7fffffff;
    u32 index = (at >> 11) % WORDS & ~7u;
    sum += words[index];
    words[index] = sum + i;
  }
  return sum;
}

u64 bench_strings(void) {
  u8 *source = bench_memory, *destination = bench_memory + STRINGS_BYTES + 64;
  u64 sum = 0;
  for (u32 pass = 0; pass < STRINGS_PASSES; pass++) {
    u8 *di = destination, *si = source;
    u64 count = STRINGS_BYTES;
    __asm__ volatile("rep stosb" : "+D"(di), "+c"(count) : "a"(pass + 1) : "memory");
    destination[STRINGS_BYTES - 1 - pass] = 0xff;
    di = source, si = destination, count = STRINGS_BYTES;
    __asm__ volatile("rep movsb" : "+D"(di), "+S"(si), "+c"(count) : : "memory");
    di = source, count = STRINGS_BYTES;
    __asm__ volatile("repne scasb" : "+D"(di), "+c"(count) : "a"(0xff) : "memory");
    sum = sum * 31 + count;
    di = source, si = destination, count = STRINGS_BYTES;
    __asm__ volatile("repe cmpsb" : "+D"(di), "+S"(si), "+c"(count) : : "memory");
    sum = sum * 31 + count + source[pass];
  }
  return sum;
}
