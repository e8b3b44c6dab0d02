/* The bare PC: COM1 (PC16550D data sheet, section 8) and isa-debug-exit. */
#include <stdint.h>
#include "platform.h"

#define COM1 0x3f8
#define DIVISOR_LOW COM1
#define DIVISOR_HIGH (COM1 + 1)
#define LCR (COM1 + 3)
#define LCR_DLAB 0x80
#define LCR_8N1 0x03
#define LSR (COM1 + 5)
#define LSR_DR 0x01
#define LSR_THRE 0x20
#define DEBUG_EXIT 0xf4

static inline void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void set_up_serial_line(void) {
  out8(LCR, LCR_DLAB | LCR_8N1);
  out8(DIVISOR_LOW, 1);
  out8(DIVISOR_HIGH, 0);
  out8(LCR, LCR_8N1);
}

void put_byte(char byte) {
  while ((in8(LSR) & LSR_THRE) == 0) {
  }
  out8(COM1, (uint8_t)byte);
}

/* The host reads the machine's clocks before it lets it end. */
static void wait_for_byte(void) {
  while ((in8(LSR) & LSR_DR) == 0) {
  }
}

/* Multiboot Specification 0.6.96, section 3.3: the command line's address stands at offset 16, valid by flag bit 2. */
void kernel_main(const uint32_t *multiboot) {
  set_up_serial_line();
  run_kernels((multiboot[0] & 4) != 0 ? (const char *)(uintptr_t)multiboot[4] : "");
  wait_for_byte();
  out8(DEBUG_EXIT, 0);
  for (;;) __asm__ volatile("cli; hlt");
}
