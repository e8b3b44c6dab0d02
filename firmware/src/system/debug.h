#pragma once

void run_debug_tests(const char *mode);    // breakpoints, watchpoints, RF, general detect
void run_alignment_tests(const char *mode); // #AC
