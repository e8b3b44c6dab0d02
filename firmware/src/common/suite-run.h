// Runs the user-mode suite and prints a line for each test.
#pragma once

void run_suite(const char *mode);
