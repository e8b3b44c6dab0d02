#include "real.h"
void real_interrupt_tests(void) {}
