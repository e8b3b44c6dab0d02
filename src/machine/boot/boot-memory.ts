import { hex } from '../../util/hex.ts';
import { BootError, mebibytes } from './boot-error.ts';
import type { MemoryWrite } from './boot-plan.ts';
import { E820_USABLE, e820Map } from './e820.ts';
import { EXTENDED_BASE, type MemoryLayout } from './memory-layout.ts';

const PAGE = 4096;

interface Range {
  readonly base: number;
  readonly end: number;
}
interface Claim extends Range {
  readonly name: string;
}

/** Conventional memory that the loaders use for themselves; a kernel may not lie here. */
export const LOADER_AREA = {
  gdt: 0x1000,
  /** PML4, PDPT and four page directories: an identity map of the first 4 GiB. */
  pageTables: 0x2000,
  /** The stack grows down from here, 32 KiB at most. */
  stackTop: 0x10000,
  /** boot_params, start_info or Multiboot information with its tables. */
  info: 0x10000,
  commandLine: 0x20000,
  end: 0x30000,
} as const;

/** Keeps account of what lies where while a boot is planned: all inside RAM, nothing overlapping. */
export class BootMemory {
  readonly layout: MemoryLayout;
  readonly writes: MemoryWrite[] = [];
  readonly #usable: readonly Range[];
  readonly #claims: Claim[] = [];

  constructor(layout: MemoryLayout) {
    this.layout = layout;
    this.#usable = e820Map(layout)
      .filter((row) => row.type === E820_USABLE)
      .map(({ base, length }) => ({ base, end: base + length }));
  }

  /**
   * Takes a range for `name`.
   * @throws BootError when it is no RAM, or taken already
   */
  claim(name: string, base: number, length: number): void {
    const claim = { name, base, end: base + length };
    if (!this.#usable.some((range) => base >= range.base && claim.end <= range.end)) {
      throw new BootError(`${describe(claim)} lies outside the machine's RAM (${this.#size}): ${this.#remedy(claim)}`);
    }
    const other = this.#claims.find((taken) => claim.base < taken.end && taken.base < claim.end);
    if (other !== undefined) {
      const remedy = other.base < EXTENDED_BASE ? 'link it at 1 MB or above' : 'the image is damaged';
      throw new BootError(`${describe(claim)} overlaps ${describe(other)}: ${remedy}`);
    }
    this.#claims.push(claim);
  }

  /** Claims a range and writes into it; where `length` exceeds the bytes, the rest is zero. */
  put(name: string, gpa: number, bytes: Uint8Array, length = bytes.length): void {
    this.claim(name, gpa, length);
    this.write(name, gpa, bytes, length);
  }

  /** Writes into a range that is claimed already. */
  write(name: string, gpa: number, bytes: Uint8Array, length = bytes.length): void {
    this.writes.push({ name, gpa, bytes, length });
  }

  /**
   * Puts bytes at the highest free page of extended memory that ends at or below `limit`.
   * @returns the address
   */
  putHigh(name: string, bytes: Uint8Array, limit: number): number {
    let end = Math.min(limit, this.layout.acpi.base);
    for (const taken of [...this.#claims].sort((a, b) => b.base - a.base)) {
      const base = pageDown(end - bytes.length);
      if (taken.base < base + bytes.length && base < taken.end) end = Math.min(end, taken.base);
    }
    const base = pageDown(end - bytes.length);
    if (base < EXTENDED_BASE) {
      const taken = this.#claims.filter((claim) => claim.base < limit);
      const need = Math.max(EXTENDED_BASE, ...taken.map((claim) => claim.end)) + bytes.length + 2 * PAGE;
      const remedy = need > limit ? `the kernel takes it only below ${mebibytes(limit)}` : this.#atLeast(need);
      throw new BootError(`${name} (${mebibytes(bytes.length)}) finds no room in ${this.#size} of memory: ${remedy}`);
    }
    this.put(name, base, bytes);
    return base;
  }

  /** Claims the memory that the kernel and its start take. */
  claimKernel(base: number, length: number): void {
    const need = base + length;
    if (need > this.layout.acpi.base) {
      throw new BootError(
        `the kernel needs ${mebibytes(need)} of memory, the machine has ${this.#size}: ${this.#atLeast(need)}`,
      );
    }
    this.claim('the kernel', base, length);
  }

  get #size(): string {
    return mebibytes(this.layout.ramSize);
  }

  #atLeast(need: number): string {
    const total = need + this.layout.acpi.length;
    return total > 3 * 2 ** 30 ? 'use a smaller one' : `use --memory ${Math.ceil(total / 2 ** 20)}M or more`;
  }

  #remedy(claim: Range): string {
    if (claim.base < EXTENDED_BASE) return 'link the kernel to load at 1 MB or above';
    return Number.isSafeInteger(claim.end) ? this.#atLeast(claim.end) : 'the image is damaged';
  }
}

const pageDown = (address: number): number => address - (((address % PAGE) + PAGE) % PAGE);

const describe = ({ name, base, end }: Claim): string => `${name} (${hex(base)}-${hex(end - 1)})`;
