/** Mixes bytes of an array, `from` up to but not with `to`, into two 32-bit numbers. Unlike bytes may give the same. */
export function hashBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  first: number,
  second: number,
): [number, number] {
  let [a, b] = [first, second];
  for (let at = from; at < to; at++) {
    a = Math.imul(a ^ bytes[at]!, 0x01000193);
    b = Math.imul(b + bytes[at]!, 0x85ebca6b) ^ (b >>> 15);
  }
  return [a, b];
}
