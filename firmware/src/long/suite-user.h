#pragma once

void run_suite_in_user_mode(void); // ring 3, 64-bit; then ring 3, 32-bit (compatibility mode)
