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

reg_t bench_branches(u8 *text) {
  fill_text(text, BRANCHES_BYTES);
  reg_t words = 0, lines = 0, numbers = 0, capitals = 0, longest = 0;
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

reg_t bench_cache(u8 *memory) {
  volatile reg_t *words = (volatile reg_t *)memory;
  for (u32 i = 0; i < NEAR_WORDS; i++) words[i] = i * (reg_t)0x0123456789abcdef;
  reg_t sum = 0;
  for (u32 pass = 0; pass < NEAR_PASSES; pass++)
    for (u32 i = 0; i < NEAR_WORDS; i++) {
      reg_t value = words[i];
      sum += value;
      words[i] = value ^ (sum >> 3);
    }
  return sum;
}

reg_t bench_memory(u8 *memory) {
  enum { LINE = 64, LINES = BENCH_BYTES / LINE };
  for (u32 i = 0; i < LINES; i++) *(reg_t *)(memory + i * LINE) = i * 8;
  reg_t sum = 0;
  u32 at = 1;
  for (u32 i = 0; i < FAR_ACCESSES; i++) {
    at = (at * 1664525 + 1013904223) & 0x7fffffff;
    reg_t *word = (reg_t *)(memory + (at >> 14) % LINES * LINE);
    sum += *word;
    *word = sum + i;
  }
  return sum;
}

// One word of each page, no two of a set of the cache too often, the pages in an order that cannot be guessed
static volatile reg_t *tlb_word(u32 page) {
  u32 alias = page / (BENCH_BYTES / 4096);
  return (volatile reg_t *)(tlb_window + page * 4096ul + (page % 16 * 4 + alias) * 64);
}

reg_t bench_tlb(u8 *memory) {
  (void)memory;
  for (u32 page = 0; page < TLB_PAGES; page++) *tlb_word(page) = page;
  reg_t sum = 0;
  u32 page = 1;
  for (u32 i = 0; i < TLB_PAGES * TLB_PASSES; i++) {
    page = (page * 1597 + 3571) % TLB_PAGES; // visits every page once in TLB_PAGES steps
    volatile reg_t *word = tlb_word(page);
    sum += *word;
    *word = sum ^ i;
  }
  return sum;
}

reg_t bench_strings(u8 *memory) {
  u8 *source = memory, *destination = memory + STRINGS_BYTES + 64;
  reg_t sum = 0;
  for (u32 pass = 0; pass < STRINGS_PASSES; pass++) {
    u8 *di = destination, *si = source;
    reg_t count = STRINGS_BYTES;
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
