/** `0x`-prefixed lower-case hexadecimal, padded to `digits`. Negative int32 values print as unsigned. */
export function hex(value: number | bigint, digits = 1): string {
  const unsigned = typeof value === 'number' && value < 0 ? value >>> 0 : value;
  return '0x' + unsigned.toString(16).padStart(digits, '0');
}
