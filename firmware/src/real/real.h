// The real-mode program's own tests.
#pragma once
#include "../common/types.h"

void fpu_init(void);             // x87 and SSE on, exceptions native
void real_interrupt_tests(void); // vectors, exceptions, single step
