// MC146818 and the CMOS bytes that say how much memory there is.
#pragma once
#include "types.h"

enum { RTC_SECONDS = 0, RTC_MINUTES = 2, RTC_HOURS = 4, RTC_DAY = 7, RTC_MONTH = 8, RTC_YEAR = 9, RTC_CENTURY = 0x32 };
enum { RTC_A = 0x0a, RTC_B = 0x0b, RTC_C = 0x0c, RTC_D = 0x0d };
enum { CMOS_TEST_CONTROL = 0x7f, SKIP_LEGACY = 1, SKIP_SYSTEM = 2 };

u8 cmos_read(u8 index);
void cmos_write(u8 index, u8 value);
