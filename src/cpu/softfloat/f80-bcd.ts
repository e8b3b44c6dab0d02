/** FBLD and FBSTP: packed decimal of 18 digits, ten bytes in w[d] .. w[d + 2] (SDM volume 1, 4.7). */
import { integerToF80 } from './f80-convert.ts';
import { roundToInteger, TOO_LARGE } from './integer.ts';
import { IE, x87Rounding } from './status.ts';
import { A, HI, INFINITE, LO, loadF80, NAN, R, SIGN, UNSUPPORTED, u, ZERO } from './unpacked.ts';

const LIMIT = 10n ** 18n;

/** FBLD: the packed decimal at a to an 80-bit value at d. Exact; a nibble above 9 counts as its number. */
export function bcdToF80(w: Int32Array, d: number, a: number): void {
  const packed = (BigInt(w[a + 2] & 0xff) << 64n) | (BigInt(w[a + 1] >>> 0) << 32n) | BigInt(w[a] >>> 0);
  const sign = w[a + 2] & 0x8000;
  let value = 0n;
  for (let shift = 68n; shift >= 0n; shift -= 4n) value = value * 10n + ((packed >> shift) & 15n);
  integerToF80(w, d, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
  w[d + 2] |= sign;
}

/** FBSTP: the 80-bit value at a, rounded, to ten bytes at d (upper half of w[d + 2] is 0). Returns IE, PE, C1. */
export function f80ToBcd(w: Int32Array, d: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  const sign = u[A + SIGN] << 15;
  if (classA === ZERO) {
    w[d] = 0;
    w[d + 1] = 0;
    w[d + 2] = sign;
    return 0;
  }
  const finite = (classA & (NAN | INFINITE | UNSUPPORTED)) === 0;
  const flags = finite ? roundToInteger(x87Rounding(cw)) : TOO_LARGE;
  let value = (BigInt(u[R + HI] >>> 0) << 32n) | BigInt(u[R + LO] >>> 0);
  if (flags === TOO_LARGE || value >= LIMIT) {
    if ((cw & IE) === 0) return IE;
    w[d] = 0;
    w[d + 1] = 0xc0000000;
    w[d + 2] = 0xffff;
    return IE;
  }
  let packed = 0n;
  for (let shift = 0n; shift < 72n; shift += 4n) {
    packed |= (value % 10n) << shift;
    value /= 10n;
  }
  w[d] = Number(BigInt.asIntN(32, packed));
  w[d + 1] = Number(BigInt.asIntN(32, packed >> 32n));
  w[d + 2] = sign | Number(packed >> 64n);
  return flags;
}
