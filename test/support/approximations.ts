/** The error that the SDM allows RCP and RSQRT is 1.5 * 2^-12; two makers may err to different sides. */
const TOLERANCE = 2 * 1.5 * 2 ** -12;
/** Next to the smallest normal number an approximation may be tiny, and is zero then (SDM 2B, RCPPS). */
const NEARLY_TINY = 2 ** -126 * (1 + TOLERANCE);

/** Instructions whose result is an approximation. */
export const APPROXIMATE = /^R(CP|SQRT)[PS]S$/;

/** Whether each of some binary32 numbers may be an approximation of what the other is one of. */
export function closeSingles(want: Uint8Array, got: Uint8Array): boolean {
  const [a, b] = [want, got].map((bytes) => new Float32Array(bytes.slice().buffer));
  return a!.every((x, i) => isClose(x, b![i]!));
}

function isClose(x: number, y: number): boolean {
  if (Object.is(x, y) || (x !== 0 && Math.abs(x - y) <= TOLERANCE * Math.abs(x))) return true;
  const [small, large] = Math.abs(x) < Math.abs(y) ? [x, y] : [y, x];
  return small === 0 && Object.is(Math.sign(1 / small), Math.sign(large)) && Math.abs(large) <= NEARLY_TINY;
}

/** Whether two 80-bit numbers are the same or neighbours. */
export function closeExtended(a: Uint8Array, b: Uint8Array): boolean {
  const distance = ordinal(a) - ordinal(b);
  return distance >= -1n && distance <= 1n;
}

/** An 80-bit number as an integer that counts units in the last place. */
function ordinal(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const biased = BigInt(view.getUint16(8, true) & 0x7fff);
  const magnitude = view.getBigUint64(0, true) + (biased > 0n ? (biased - 1n) << 63n : 0n);
  return (view.getUint16(8, true) & 0x8000) !== 0 ? -magnitude : magnitude;
}
