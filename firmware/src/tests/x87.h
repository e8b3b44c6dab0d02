#pragma once
#include "../common/types.h"

u32 test_x87_arithmetic(void);
u32 test_x87_control(void);
u32 test_x87_round(void);
u32 test_x87_compare(void);
u32 test_x87_parts(void);
u32 test_x87_load(void);
u32 test_x87_stack(void);
u32 test_x87_move(void);
u32 test_x87_strict(void);
