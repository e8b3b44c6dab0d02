#pragma once
#include "../common/types.h"

u32 test_sse_single(void);
u32 test_sse_double(void);
u32 test_sse_compare_single(void);
u32 test_sse_compare_double(void);
u32 test_sse_convert_single(void);
u32 test_sse_convert_double(void);
u32 test_sse_integer(void);
u32 test_sse_shuffle(void);
u32 test_sse_shift(void);
u32 test_mmx(void);
