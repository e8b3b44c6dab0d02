#pragma once
#include "../common/types.h"

void put_cpu(void);
void put_memory(void);
u64 memory_below_4g(void); // bytes, from CMOS
u64 memory_above_4g(void);
