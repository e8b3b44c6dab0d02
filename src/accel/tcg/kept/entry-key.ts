/** Bytes of code that an entry is known by. */
const BYTES = 8;

/**
 * A number for the code at an offset in RAM: its mode, its place in its page, and its first bytes, as far as the page has
 * them. Other code may have the same.
 */
export function entryKey(ram: Uint8Array, offset: number, mode: number): number {
  let [a, b] = [offset & 0xfff, mode | 0];
  const end = Math.min(offset + BYTES, (offset | 0xfff) + 1);
  for (let at = offset; at < end; at++) {
    a = Math.imul(a ^ ram[at]!, 0x01000193);
    b = Math.imul(b + ram[at]!, 0x85ebca6b) ^ (b >>> 15);
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}
