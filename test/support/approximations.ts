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
