/* CRC-16/ARC bit by bit: shifts and a branch that is taken half of the time. */
#include "kernel.h"

#define BYTES 4096
#define POLYNOMIAL 0xa001

static uint8_t data[BYTES];

static void setup(void) { fill_random(data, BYTES, 1); }

static uint64_t run(uint32_t n) {
  uint32_t crc = 0;
  for (uint32_t round = 0; round < n; round++) {
    for (uint32_t i = 0; i < BYTES; i++) {
      crc ^= data[i];
      for (int bit = 0; bit < 8; bit++) {
        uint32_t out = crc & 1;
        crc >>= 1;
        if (out != 0) {
          KEEP_BRANCH();
          crc ^= POLYNOMIAL;
        }
      }
    }
  }
  return crc;
}

KERNEL(crc16, setup, run);
