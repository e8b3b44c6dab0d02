/* What the kernels' frame asks of the bare machine or of the host. */
#pragma once
void put_byte(char byte);
void run_kernels(const char *command_line);
