// test, poweroff, reboot: the commands after which nothing is as before.
#include "../common/console.h"
#include "../common/io.h"
#include "../common/shared.h"
#include "acpi.h"
#include "clock.h"
#include "commands.h"
#include "kernel.h"

enum { POWER_OFF_TICKS = 100 }; // one second

void return_to_real(void);

void command_test(char *argument) {
  (void)argument;
  interrupts_off();
  mask_all_irqs();
  out8(0x3f9, 0); // no interrupt from COM1
  shared->again = 1;
  return_to_real();
}

static void halt(const char *message) {
  put_text(message);
  for (;;) {
    interrupts_off();
    __asm__ volatile("hlt");
  }
}

void command_poweroff(char *argument) {
  (void)argument;
  power_off();
  u64 start = clock_ticks;
  while (clock_ticks < start + POWER_OFF_TICKS) wait_for_interrupt(); // the machine may take its time
  halt("power-off had no effect; halted\n");
}

void command_reboot(char *argument) {
  (void)argument;
  interrupts_off();
  reboot();
  halt("reset had no effect; halted\n");
}
