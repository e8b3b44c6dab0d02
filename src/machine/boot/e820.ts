import { ADAPTER_BASE, CONVENTIONAL_END, EXTENDED_BASE, HIGH_RAM_BASE, type MemoryLayout } from './memory-layout.ts';

/** Address range types (ACPI specification 6.4, section 15, table 15.3). */
export const E820_USABLE = 1;
const E820_RESERVED = 2;
const E820_ACPI_TABLES = 3;

/** One row of the map that INT 15h, function E820h, answers. */
export interface E820Entry {
  readonly base: number;
  readonly length: number;
  readonly type: number;
}

const BIOS_BASE = 0xf0000;
/** The last 256 KiB below 4 GiB belong to the firmware's flash. */
const FLASH_BASE = 0xfffc0000;

/** The memory map of a PC, in the order of addresses, without overlaps. */
export function e820Map({ lowTop, highLength, acpi }: MemoryLayout): E820Entry[] {
  const rows: [base: number, end: number, type: number][] = [
    [0, CONVENTIONAL_END, E820_USABLE],
    [CONVENTIONAL_END, ADAPTER_BASE, E820_RESERVED],
    [BIOS_BASE, EXTENDED_BASE, E820_RESERVED],
    [EXTENDED_BASE, acpi.base, E820_USABLE],
    [acpi.base, lowTop, E820_ACPI_TABLES],
    [FLASH_BASE, HIGH_RAM_BASE, E820_RESERVED],
    [HIGH_RAM_BASE, HIGH_RAM_BASE + highLength, E820_USABLE],
  ];
  return rows.filter(([base, end]) => end > base).map(([base, end, type]) => ({ base, length: end - base, type }));
}
