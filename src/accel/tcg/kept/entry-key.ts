import { hashBytes } from '../byte-hash.ts';

/** Bytes of code that an entry is known by. */
const BYTES = 8;

/**
 * A number for the code at an offset in RAM: its mode, its place in its page, and its first bytes, as far as the page has
 * them. Other code may have the same.
 */
export function entryKey(ram: Uint8Array, offset: number, mode: number): number {
  const end = Math.min(offset + BYTES, (offset | 0xfff) + 1);
  const [a, b] = hashBytes(ram, offset, end, offset & 0xfff, mode);
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}
