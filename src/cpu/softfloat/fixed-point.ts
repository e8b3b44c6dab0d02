/** Wide fixed-point numbers for the transcendental functions: BigInts with a stated count of fraction bits. */
import { isTiny, round } from './round.ts';
import { PE, UE, x87Rounding } from './status.ts';
import { EMAX_F80, EXP, EXT, HI, LO, R, SIGN, storeF80, u } from './unpacked.ts';

/** Fraction bits of the constants. */
export const CONSTANT_BITS = 256;
export const PI = 0x3243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89n;
export const LN2 = 0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2bn;
export const LOG2E = 0x171547652b82fe1777d0ffda0d23a7d11d6aef551bad2b4b1164a2cd9a342648fn;

/** Significant bits that the functions carry: 64 of the result and 40 to round by. */
export const WORKING_BITS = 104;

const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer);

/** Bits of a positive number below 2^1023. */
export function bitLength(value: bigint): number {
  double[0] = Number(value);
  const length = (doubleWords[1] >>> 20) - 1022;
  // The conversion may have rounded up to the next power of two.
  return value >> BigInt(length - 1) === 0n ? length - 1 : length;
}

export function significandOf(x: number): bigint {
  return (BigInt(u[x + HI] >>> 0) << 32n) | BigInt(u[x + LO] >>> 0);
}

/** Puts value * 2^-fractionBits into slot R; `exact` or with something nonzero below. */
export function setResult(sign: number, value: bigint, fractionBits: number, exact = false): void {
  const length = bitLength(value);
  const top = length >= 96 ? value >> BigInt(length - 96) : value << BigInt(96 - length);
  u[R + SIGN] = sign;
  u[R + EXP] = length - 1 - fractionBits;
  u[R + HI] = Number(top >> 64n);
  u[R + LO] = Number((top >> 32n) & 0xffffffffn);
  u[R + EXT] = Number(top & 0xffffffffn) | (exact ? 0 : 1);
}

/** Rounds R to 64 bits whatever the precision control, as transcendental instructions do. PE is raised for exact results too. */
export function finishResult(w: Int32Array, d: number, cw: number): number {
  const rc = x87Rounding(cw);
  const underflow = isTiny(64, EMAX_F80, rc) ? UE : 0;
  const flags = round(64, EMAX_F80, rc, cw);
  storeF80(w, d);
  return flags | PE | underflow;
}
