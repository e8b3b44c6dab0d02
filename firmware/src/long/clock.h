// Time since the first prompt, without that of later tests.
#pragma once
#include "../common/types.h"

void clock_init(void);
u64 clock_microseconds(void);
const char *clock_source(void);
// Each timer interrupt comes `count` periods of 1.193 MHz after the last was taken, and is counted in shared->shots;
// 0: at 100 Hz again. 0 is returned where only IRQ 0 tells the time.
u32 clock_one_shots(u32 count);
extern volatile u64 clock_ticks; // IRQ 0, 100 a second
