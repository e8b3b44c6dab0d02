/* Runs one kernel: `kernel=NAME n=ITERATIONS rounds=COUNT`. Each round prints `start` and `end CHECKSUM`; whoever
 * reads the serial line takes the time between them. */
#include "kernel.h"
#include "platform.h"

extern const struct kernel *const __start_kernels[];
extern const struct kernel *const __stop_kernels[];

static int starts_with(const char *text, const char *prefix) {
  while (*prefix != 0)
    if (*text++ != *prefix++) return 0;
  return 1;
}

/* The text behind `key=`, or an empty one. */
static const char *option(const char *line, const char *key) {
  for (; *line != 0; line++) {
    if (!starts_with(line, key)) continue;
    const char *at = line;
    while (*key != 0 && *at == *key) at++, key++;
    return at;
  }
  return line;
}

static uint32_t number(const char *text, uint32_t fallback) {
  if (*text < '0' || *text > '9') return fallback;
  uint32_t value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (uint32_t)(*text++ - '0');
  return value;
}

static void put(const char *text) {
  while (*text != 0) put_byte(*text++);
}

static void put_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) put_byte("0123456789abcdef"[value >> shift & 15]);
}

static int is_named(const struct kernel *kernel, const char *name) {
  const char *a = kernel->name;
  while (*a != 0 && *a == *name) a++, name++;
  return *a == 0 && (*name == 0 || *name == ' ');
}

void run_kernels(const char *command_line) {
  const char *name = option(command_line, "kernel=");
  uint32_t n = number(option(command_line, " n="), 1);
  uint32_t rounds = number(option(command_line, " rounds="), 1);
  for (const struct kernel *const *at = __start_kernels; at < __stop_kernels; at++) {
    if (!is_named(*at, name)) continue;
    for (uint32_t round = 0; round < rounds; round++) {
      (*at)->setup();
      put("start\n");
      uint64_t checksum = (*at)->run(n);
      put("end ");
      put_hex(checksum);
      put("\n");
    }
    put("done\n");
    return;
  }
  put("unknown kernel\n");
}
