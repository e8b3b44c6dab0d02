// Text on COM1 (3F8h, 115200 8N1), polled.
#pragma once
#include "types.h"

void console_init(void);
void put_char(char c); // '\n' goes out as CR LF
void put_text(const char *text);
void put_padded(const char *text, u32 width); // left-aligned, at least `width` characters
void put_hex(reg_t value, u32 digits);
void put_decimal(reg_t value);
void put_decimal_right(reg_t value, u32 width); // right-aligned in `width` characters
