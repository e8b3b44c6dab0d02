// Console input by interrupt (IRQ 4) and a line editor.
#pragma once
#include "../common/types.h"

void input_init(void);
u32 read_line(char *line, u32 size); // 0: given up with Ctrl-C
