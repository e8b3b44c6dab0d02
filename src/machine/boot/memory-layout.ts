import { BootError } from './boot-error.ts';

const PAGE = 4096;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** RAM below 4 GiB ends here at the latest; above it lie PCI, the APICs and the firmware. */
const LOW_RAM_LIMIT = 3 * GIB;
/** The rest of the RAM appears from here on. */
export const HIGH_RAM_BASE = 4 * GIB;
/** Kept free for ACPI tables at the end of low RAM. */
const ACPI_AREA = 64 * 1024;
const LEAST_RAM = 2 * MIB;

/** Conventional memory ends here; the extended BIOS data area follows. */
export const CONVENTIONAL_END = 0x9fc00;
/** Where adapters' memory starts (VGA), and where RAM comes back. */
export const ADAPTER_BASE = 0xa0000;
export const EXTENDED_BASE = MIB;

/** Where a PC of some RAM size has its memory; addresses and lengths in bytes. */
export interface MemoryLayout {
  readonly ramSize: number;
  /** End of the RAM below 4 GiB. */
  readonly lowTop: number;
  /** RAM from 4 GiB up; 0 when all of it lies below. */
  readonly highLength: number;
  /** The part of low RAM that is kept for ACPI tables. */
  readonly acpi: { readonly base: number; readonly length: number };
}

/**
 * @param ramSize bytes, whole pages, at least 2 MiB
 * @throws BootError for a size that no PC can have
 */
export function memoryLayout(ramSize: number): MemoryLayout {
  if (!Number.isSafeInteger(ramSize) || ramSize % PAGE !== 0 || ramSize < LEAST_RAM) {
    throw new BootError(`${ramSize} bytes of memory make no PC: --memory takes 2M or more, in steps of 4K`);
  }
  const lowTop = Math.min(ramSize, LOW_RAM_LIMIT);
  const acpi = { base: lowTop - ACPI_AREA, length: ACPI_AREA };
  return { ramSize, lowTop, highLength: ramSize - lowTop, acpi };
}
