// Memory that the workloads see in pages of 4 KiB.
#pragma once
#include "../common/types.h"

void windows_open(u64 bits); // FAULT_WINDOW of code of that width, and the TLB window behind it
void windows_close(u64 bits);
