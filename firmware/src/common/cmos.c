#include "cmos.h"
#include "io.h"

u8 cmos_read(u8 index) {
  out8(0x70, index);
  return in8(0x71);
}

void cmos_write(u8 index, u8 value) {
  out8(0x70, index);
  out8(0x71, value);
}
