// Result lines and counts.
#pragma once
#include "types.h"

void report_checksum(const char *mode, const char *name, u32 expected, u32 got);
void report_values(const char *mode, const char *name, const char *what, reg_t expected, reg_t got);
void report_skip(const char *mode, const char *name, const char *why);
