import { hex } from '../util/hex.ts';
import type { GuestRam } from './ram.ts';

/** Physical address of the guest; a double holds all 52 bits. */
export type Gpa = number;

/** What answers MMIO accesses; the same shape as a port handler. */
export interface MmioHandler {
  read(offset: number, size: 1 | 2 | 4): number;
  write(offset: number, size: 1 | 2 | 4, value: number): void;
}

export type Region = {
  readonly base: Gpa;
  readonly length: number;
  readonly name: string;
} & (
  | { readonly kind: 'ram'; readonly offset: number }
  | { readonly kind: 'rom'; readonly offset: number }
  | { readonly kind: 'mmio'; readonly handler: MmioHandler }
);

const PAGE = 4096;
const UNCLAIMED_LIMIT = 1024;

/** One access to an address where nothing is. */
export interface UnclaimedMemory {
  readonly gpa: Gpa;
  readonly direction: 'read' | 'write';
  count: number;
}

/**
 * The physical address space: RAM, ROM and MMIO ranges in page units.
 * Reads of nothing give all ones, writes to nothing or to ROM are dropped; both are counted.
 */
export class AddressMap {
  readonly ram: GuestRam;
  readonly #regions: Region[] = [];
  readonly #unclaimed = new Map<string, UnclaimedMemory>();
  #last: Region | undefined;
  /** Told after a region was added or removed (TLBs and memory slots follow the map). */
  readonly onChange: (() => void)[] = [];
  /** Told before a device or loader writes RAM: offset into the RAM buffer and length. */
  readonly onDeviceWrite: ((offset: number, length: number) => void)[] = [];
  trace: ((direction: 'read' | 'write', gpa: Gpa, size: number, value: number, device: string) => void) | undefined;

  constructor(ram: GuestRam) {
    this.ram = ram;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** Throws on overlap, naming both ranges, and on bounds that are not page-aligned. */
  add(region: Region): void {
    if (region.base % PAGE !== 0 || region.length % PAGE !== 0 || region.length <= 0) {
      throw new Error(`${describe(region)} is not made of whole 4 KiB pages`);
    }
    for (const other of this.#regions) {
      if (region.base < other.base + other.length && other.base < region.base + region.length) {
        throw new Error(`${describe(region)} overlaps ${describe(other)}`);
      }
    }
    this.#regions.push(region);
    this.#regions.sort((a, b) => a.base - b.base);
    this.#changed();
  }

  /** Removes the region that starts at `base`; nothing happens when there is none. */
  remove(base: Gpa): void {
    const index = this.#regions.findIndex((region) => region.base === base);
    if (index < 0) return;
    this.#regions.splice(index, 1);
    this.#changed();
  }

  #changed(): void {
    this.#last = undefined;
    for (const listener of this.onChange) listener();
  }

  find(gpa: Gpa): Region | undefined {
    const last = this.#last;
    if (last !== undefined && gpa >= last.base && gpa < last.base + last.length) return last;
    for (const region of this.#regions) {
      if (gpa >= region.base && gpa < region.base + region.length) {
        this.#last = region;
        return region;
      }
    }
    return undefined;
  }

  /** Offset into the RAM buffer of a byte that can be read directly (RAM or ROM), else -1. */
  readableOffset(gpa: Gpa): number {
    const region = this.find(gpa);
    return region === undefined || region.kind === 'mmio' ? -1 : region.offset + (gpa - region.base);
  }

  /** Offset into the RAM buffer of a byte that can be written directly (RAM), else -1. */
  writableOffset(gpa: Gpa): number {
    const region = this.find(gpa);
    return region === undefined || region.kind !== 'ram' ? -1 : region.offset + (gpa - region.base);
  }

  /** Little-endian read that does not cross a region; unsigned result. */
  read(gpa: Gpa, size: 1 | 2 | 4): number {
    const region = this.find(gpa);
    if (region === undefined) {
      this.#count(gpa, 'read');
      return size === 1 ? 0xff : size === 2 ? 0xffff : 0xffffffff;
    }
    if (region.kind === 'mmio') {
      const value = region.handler.read(gpa - region.base, size);
      this.trace?.('read', gpa, size, value, region.name);
      return value;
    }
    const offset = region.offset + (gpa - region.base);
    const { view } = this.ram;
    return size === 1
      ? view.getUint8(offset)
      : size === 2
        ? view.getUint16(offset, true)
        : view.getUint32(offset, true);
  }

  write(gpa: Gpa, size: 1 | 2 | 4, value: number): void {
    const region = this.find(gpa);
    if (region === undefined || region.kind === 'rom') {
      this.#count(gpa, 'write');
      return;
    }
    if (region.kind === 'mmio') {
      this.trace?.('write', gpa, size, value, region.name);
      region.handler.write(gpa - region.base, size, value);
      return;
    }
    const offset = region.offset + (gpa - region.base);
    for (const listener of this.onDeviceWrite) listener(offset, size);
    const { view } = this.ram;
    if (size === 1) view.setUint8(offset, value);
    else if (size === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }

  /** DMA read. Bytes outside RAM and ROM read as 0xff. */
  readBytes(gpa: Gpa, into: Uint8Array): void {
    this.#eachRun(gpa, into.length, (offset, at, length) => {
      if (offset < 0) into.fill(0xff, at, at + length);
      else into.set(this.ram.u8.subarray(offset, offset + length), at);
    });
  }

  /** DMA write. Bytes outside RAM are dropped and counted. */
  writeBytes(gpa: Gpa, from: Uint8Array): void {
    this.#eachRun(gpa, from.length, (offset, at, length, region) => {
      if (offset < 0 || region!.kind !== 'ram') {
        this.#count(gpa + at, 'write');
        return;
      }
      for (const listener of this.onDeviceWrite) listener(offset, length);
      this.ram.u8.set(from.subarray(at, at + length), offset);
    });
  }

  /** Accesses that nothing answered, most frequent first. */
  unclaimed(): UnclaimedMemory[] {
    return [...this.#unclaimed.values()].sort((a, b) => b.count - a.count);
  }

  #eachRun(
    gpa: Gpa,
    length: number,
    visit: (offset: number, at: number, length: number, region: Region | undefined) => void,
  ): void {
    for (let at = 0; at < length; ) {
      const here = gpa + at;
      const region = this.find(here);
      const end = region === undefined ? here + PAGE - (here % PAGE) : region.base + region.length;
      const run = Math.min(length - at, end - here);
      const direct = region !== undefined && region.kind !== 'mmio';
      visit(direct ? region.offset + (here - region.base) : -1, at, run, region);
      at += run;
    }
  }

  #count(gpa: Gpa, direction: 'read' | 'write'): void {
    const page = gpa - (gpa % PAGE);
    const key = `${direction}${page}`;
    const seen = this.#unclaimed.get(key);
    if (seen !== undefined) seen.count++;
    else if (this.#unclaimed.size < UNCLAIMED_LIMIT) this.#unclaimed.set(key, { gpa: page, direction, count: 1 });
  }
}

const describe = (region: Region): string =>
  `${region.name} (${hex(region.base, 8)}-${hex(region.base + region.length - 1, 8)})`;
