#include "shell.h"
#include "../common/console.h"
#include "commands.h"
#include "input.h"
#include "kernel.h"

static void command_help(char *argument);

static const struct command {
  const char *name, *help;
  void (*run)(char *argument);
} commands[] = {
    {"help", "this list", command_help},
    {"cpu", "what CPUID says", command_cpu},
    {"mem", "the memory map, from CMOS", command_mem},
    {"time", "date and time of the real-time clock, time spent at the prompt", command_time},
    {"test", "all self-tests again, from real mode on", command_test},
    {"bench", "bench [NAME] [TIMES]: ring-3 workloads, all or one; Ctrl-C stops", command_bench},
    {"poweroff", "ACPI power-off", command_poweroff},
    {"reboot", "reset through the 8042, CF9 or a triple fault", command_reboot},
};

// What is left of a line is run after `test`.
static char line[256] SURVIVES_TEST = "";
static char *rest SURVIVES_TEST = 0;

u32 text_equal(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

char *next_word(char **text) {
  char *word = *text;
  while (*word == ' ') word++;
  char *end = word;
  while (*end && *end != ' ') end++;
  *text = end;
  if (*end) *(*text)++ = 0;
  return word;
}

static void command_help(char *argument) {
  (void)argument;
  for (u32 i = 0; i < COUNT_OF(commands); i++) {
    put_text("  ");
    put_padded(commands[i].name, 10);
    put_text(commands[i].help);
    put_char('\n');
  }
  put_text("Commands may be joined with ';'. Keys: Backspace, Ctrl-U (clear line), Ctrl-C (give up).\n");
}

static void run_command(char *text) {
  char *name = next_word(&text);
  if (!*name) return;
  for (u32 i = 0; i < COUNT_OF(commands); i++)
    if (text_equal(name, commands[i].name)) {
      commands[i].run(text);
      return;
    }
  put_text("unknown command: ");
  put_text(name);
  put_text(" (try help)\n");
}

static void report_trap(const struct trap *trap) {
  if (trap->vector == VECTOR_RETURNED) return;
  put_text("exception ");
  put_decimal(trap->vector);
  put_text(", error code ");
  put_hex(trap->error, 8);
  put_text(", RIP ");
  put_hex(trap->ip, 16);
  put_text(", CR2 ");
  put_hex(trap->cr2, 16);
  put_char('\n');
}

static void run_line(void) {
  while (rest) {
    char *command = rest;
    while (*rest && *rest != ';') rest++;
    if (*rest) *rest++ = 0;
    else rest = 0;
    struct trap trap;
    guarded(run_command, (u64)command, RING0, &trap);
    report_trap(&trap);
  }
}

void run_shell(void) {
  for (;;) {
    run_line();
    put_text("emu> ");
    if (read_line(line, sizeof line)) rest = line;
  }
}
