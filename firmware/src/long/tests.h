// Tests of the 64-bit kernel's own.
#pragma once

void long_paging_tests(void);
void long_interrupt_tests(void);
void timer_tests(void);
