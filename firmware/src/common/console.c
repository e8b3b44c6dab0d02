#include "console.h"
#include "io.h"

// 16550 (National PC16550D data sheet, table II): registers as offsets from the base port.
enum { COM1 = 0x3f8, THR = 0, DLL = 0, IER = 1, DLM = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };
enum { LCR_8N1 = 0x03, LCR_DLAB = 0x80, FCR_ENABLE_AND_CLEAR = 0x07, MCR_DTR_RTS_OUT2 = 0x0b, LSR_THRE = 0x20 };

void console_init(void) {
  out8(COM1 + IER, 0);
  out8(COM1 + LCR, LCR_DLAB | LCR_8N1);
  out8(COM1 + DLL, 1); // 1.8432 MHz / 16 / 1 = 115200 baud
  out8(COM1 + DLM, 0);
  out8(COM1 + LCR, LCR_8N1);
  out8(COM1 + FCR, FCR_ENABLE_AND_CLEAR);
  out8(COM1 + MCR, MCR_DTR_RTS_OUT2);
}

static void put_byte(u8 byte) {
  while (!(in8(COM1 + LSR) & LSR_THRE)) {
  }
  out8(COM1 + THR, byte);
}

void put_char(char c) {
  if (c == '\n') put_byte('\r');
  put_byte((u8)c);
}

void put_text(const char *text) {
  while (*text) put_char(*text++);
}

void put_padded(const char *text, u32 width) {
  u32 length = 0;
  for (; text[length]; length++) put_char(text[length]);
  for (; length < width; length++) put_char(' ');
}

void put_hex(reg_t value, u32 digits) {
  while (digits--) put_char("0123456789abcdef"[(value >> (digits * 4)) & 15]);
}

void put_decimal_right(reg_t value, u32 width) {
  char text[24];
  u32 length = 0;
  do {
    text[length++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  for (; width > length; width--) put_char(' ');
  while (length) put_char(text[--length]);
}

void put_decimal(reg_t value) { put_decimal_right(value, 0); }
