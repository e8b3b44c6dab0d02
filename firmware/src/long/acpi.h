// The PIIX4's power-management block at port 600h.
#pragma once

enum { ACPI_PM_BASE = 0x600, ACPI_PM1_CONTROL = ACPI_PM_BASE + 4, ACPI_PM_TIMER = ACPI_PM_BASE + 8 };

void acpi_init(void); // gives the block its address, where there is a PCI bus with a PIIX4
void power_off(void);
void reboot(void);
