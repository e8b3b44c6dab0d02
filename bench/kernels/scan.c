/* A byte scanner: a state machine that counts words, numbers and quoted strings. */
#include "kernel.h"

#define BYTES 65536

enum state { SPACE, WORD, NUMBER, QUOTED };

static char text[BYTES];

static void setup(void) {
  static const char alphabet[] = "etaoin shrdlu 0123456789 \"cmfwyp\n";
  uint32_t seed = 2;
  for (uint32_t i = 0; i < BYTES; i++) text[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
}

static uint64_t run(uint32_t n) {
  uint32_t words = 0, numbers = 0, strings = 0;
  enum state state = SPACE;
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < BYTES; i++) {
      char c = text[i];
      switch (state) {
        case SPACE:
          if (c == '"') state = QUOTED;
          else if (c >= '0' && c <= '9') state = NUMBER;
          else if (c > ' ') state = WORD;
          break;
        case WORD:
          if (c > ' ') break;
          words++;
          state = SPACE;
          break;
        case NUMBER:
          if (c >= '0' && c <= '9') break;
          numbers++;
          state = c > ' ' ? WORD : SPACE;
          break;
        case QUOTED:
          if (c != '"') break;
          strings++;
          state = SPACE;
          break;
      }
    }
  }
  return words + numbers * 31 + strings * 1009;
}

KERNEL(scan, setup, run);
