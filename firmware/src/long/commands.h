// The commands of the prompt. `argument` is what follows the name, without blanks around it.
#pragma once
#include "../common/types.h"

void command_cpu(char *argument);
void command_mem(char *argument);
void command_time(char *argument);
void command_test(char *argument);
void command_bench(char *argument);
void command_poweroff(char *argument);
void command_reboot(char *argument);

u32 text_equal(const char *a, const char *b);
char *next_word(char **text); // cuts the first word off, "" at the end
