// Time since the first prompt, without that of later tests.
#pragma once
#include "../common/types.h"

void clock_init(void);
u64 clock_microseconds(void);
const char *clock_source(void);
extern volatile u64 clock_ticks; // IRQ 0, 100 a second
