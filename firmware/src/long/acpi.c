#include "acpi.h"
#include "../common/io.h"
#include "kernel.h"

enum { PCI_ADDRESS = 0xcf8, PCI_DATA = 0xcfc, RESET_CONTROL = 0xcf9 };
enum { PIIX4_PM_ID = 0x71138086, PMBASE = 0x40, PMREGMISC = 0x80, PMIOSE = 1 }; // 82371AB data sheet, 7.2
enum { SLP_EN = 1 << 13, SLP_TYP_S5 = 0 };
enum { I8042_COMMAND = 0x64, I8042_RESET = 0xfe };

static u32 pm_function(u32 offset) { return 0x80000000 | 1 << 11 | 3 << 8 | offset; } // bus 0, device 1, function 3

void acpi_init(void) {
  out32(PCI_ADDRESS, pm_function(0));
  if (in32(PCI_DATA) != PIIX4_PM_ID) return;
  out32(PCI_ADDRESS, pm_function(PMBASE));
  out32(PCI_DATA, ACPI_PM_BASE | 1);
  out32(PCI_ADDRESS, pm_function(PMREGMISC));
  out32(PCI_DATA, in32(PCI_DATA) | PMIOSE);
}

void power_off(void) {
  acpi_init();
  out16(ACPI_PM1_CONTROL, SLP_TYP_S5 | SLP_EN);
}

void reboot(void) {
  for (u32 wait = 0; in8(I8042_COMMAND) & 2 && wait < 10000; wait++) {
  }
  out8(I8042_COMMAND, I8042_RESET);
  out8(RESET_CONTROL, 0x02);
  out8(RESET_CONTROL, 0x06);
  // no vectors: the next exception cannot be delivered, nor can the double fault: shutdown
  struct {
    u16 limit;
    u64 base;
  } __attribute__((packed)) nothing = {0, 0};
  __asm__ volatile("lidt %0\n\tint3" : : "m"(nothing));
}
