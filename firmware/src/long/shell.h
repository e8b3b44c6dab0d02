#pragma once

void run_shell(void); // does not return
