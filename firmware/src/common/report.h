// Result lines and counts.
#pragma once
#include "types.h"

void report_checksum(const char *mode, const char *name, u32 expected, u32 got);
void report_skip(const char *mode, const char *name, const char *why);

// An exception that no test asked for: says so and halts.
void report_fatal(const char *mode, reg_t vector, reg_t error, reg_t ip, reg_t cr2);

// A test made of many checks: one line when all hold, otherwise a line for each that does not (the first few).
void checks_begin(const char *mode, const char *name);
void check(const char *what, reg_t expected, reg_t got);
u32 checks_end(void); // 1: all held
