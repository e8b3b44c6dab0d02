// String instructions between two small buffers, both directions, counts up to 9.
#include "rows.h"
#include "integer.h"

enum { BUFFER = 160 };
static u32 buffers[2][BUFFER / 4];

static void fill(void) {
  for (u32 i = 0; i < BUFFER / 4; i++) {
    buffers[0][i] = i * 0x04040404 + 0x03020100;
    buffers[1][i] = i < 24 ? buffers[0][i] : ~buffers[0][i]; // equal first, so that comparisons stop in the middle
  }
}

ROWS(strings);
u32 test_strings(void) {
  static const u8 counts[] = {0, 1, 3, 9};
  reg_t base = system_flags();
  reg_t source = (reg_t)buffers[0] + 80, destination = (reg_t)buffers[1] + 80;
  parts_begin();
  for EACH_ROW (row, strings) {
    u32 hash = HASH_START;
    fill();
    for (u32 i = 0; i < COUNT_OF(counts) * 4; i++) {
      reg_t skew = i & 4 ? 1 : 0; // unaligned, and different data
      struct regs regs = {i & 4 ? 0x63 : 0x5a595857, counts[i / 4], i, (reg_t)buffers[0], source + skew, destination,
                          base | (i & 1 ? DF : 0) | (i & 2 ? ALL_FLAGS : 0)};
      call_op(&regs, row->function);
      hash = hash_reg(hash, regs.a);
      hash = hash_reg(hash, regs.c);
      hash = hash_word(hash, (u32)(regs.si - source));
      hash = hash_word(hash, (u32)(regs.di - destination));
      hash = hash_word(hash, (u32)regs.flags & row->flags);
    }
    part_done(hash_bytes(hash, buffers, sizeof buffers));
  }
  return parts_end();
}
