/* The host itself, for comparison: the same objects as a program. */
#include <string.h>
#include <unistd.h>
#include "platform.h"

void put_byte(char byte) {
  static char line[64];
  static size_t used;
  line[used++] = byte;
  if (byte != '\n' && used < sizeof line) return;
  if (write(1, line, used) < 0) _exit(1);
  used = 0;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  run_kernels(words[1]);
  /* The host reads this process's clocks before it lets it end. */
  char byte;
  return read(0, &byte, 1) < 0;
}
