/** FRNDINT, FSCALE, FXTRACT. Arguments and results as in f80-arithmetic.ts. */
import { roundToInteger } from './integer.ts';
import { copy, invalid, propagate, propagateOne } from './nan.ts';
import { round, WRAP } from './round.ts';
import { C1, DE, OE, PE, UE, x87Rounding, ZE } from './status.ts';
import {
  A,
  B,
  copyToResult,
  DENORMAL,
  EMAX_F80,
  EXP,
  EXT,
  HI,
  INFINITE,
  LO,
  loadF80,
  NAN,
  normalise,
  R,
  SIGN,
  storeF80,
  UNSUPPORTED,
  u,
  ZERO,
} from './unpacked.ts';

/** FRNDINT: d = a rounded to an integer as RC says. */
export function roundF80(w: Int32Array, d: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  if ((classA & (NAN | UNSUPPORTED)) !== 0) return propagateOne(w, d, a, classA, cw);
  const denormal = classA === DENORMAL ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  if (classA === INFINITE || classA === ZERO || u[A + EXP] >= 63) {
    copy(w, d, a);
    return 0;
  }
  const flags = roundToInteger(x87Rounding(cw));
  u[R + EXP] = 63;
  u[R + EXT] = 0;
  if ((u[R + HI] | u[R + LO]) !== 0) normalise(R);
  storeF80(w, d);
  return denormal | flags;
}

/** Scale factors beyond this overflow or underflow whatever the significand is. */
const MASSIVE = 0x10000;

/** The integer part of B, cut to +-MASSIVE. */
function scaleFactor(): number {
  const exp = u[B + EXP];
  const magnitude = exp < 0 ? 0 : exp > 15 ? MASSIVE : u[B + HI] >>> (31 - exp);
  return u[B + SIGN] !== 0 ? -magnitude : magnitude;
}

/** What an unmasked overflow or underflow gives when even the wrapped exponent is out of range; -1 when it is not. */
function storeMassive(w: Int32Array, d: number, cw: number): number {
  const exp = u[R + EXP];
  const over = exp > EMAX_F80 + WRAP && (cw & OE) === 0;
  if (!over && !(exp < 1 - EMAX_F80 - WRAP && (cw & UE) === 0)) return -1;
  w[d] = 0;
  w[d + 1] = over ? 0x80000000 : 0;
  w[d + 2] = (u[R + SIGN] << 15) | (over ? 0x7fff : 0);
  return over ? OE | PE | C1 : UE | PE;
}

/** FSCALE: d = a * 2^trunc(b). */
export function scaleF80(w: Int32Array, d: number, a: number, b: number, cw: number): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  const classes = classA | classB;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, a, b, classA, classB, cw);
  const up = u[B + SIGN] === 0;
  if (classB === INFINITE && classA === (up ? ZERO : INFINITE)) return invalid(w, d, cw);
  const denormal = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  if ((classA & (ZERO | INFINITE)) !== 0) {
    copy(w, d, a);
    return denormal;
  }
  if (classB === INFINITE) {
    w[d] = 0;
    w[d + 1] = up ? 0x80000000 : 0;
    w[d + 2] = (u[A + SIGN] << 15) | (up ? 0x7fff : 0);
    return denormal;
  }
  copyToResult(A);
  u[R + EXP] += scaleFactor();
  const massive = storeMassive(w, d, cw);
  if (massive >= 0) return denormal | massive;
  const flags = round(64, EMAX_F80, x87Rounding(cw), cw);
  storeF80(w, d);
  return denormal | flags;
}

/** FXTRACT: the unbiased exponent of a to `exponent`, its significand to `significand`. */
export function extractF80(w: Int32Array, exponent: number, significand: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  if ((classA & (NAN | UNSUPPORTED)) !== 0) {
    const flags = propagateOne(w, significand, a, classA, cw);
    if ((flags & ~cw) === 0) copy(w, exponent, significand);
    return flags;
  }
  const flags = classA === ZERO ? ZE : classA === DENORMAL ? DE : 0;
  if ((flags & ~cw) !== 0) return flags;
  const sign = w[a + 2] & 0x8000;
  if ((classA & (ZERO | INFINITE)) !== 0) {
    copy(w, significand, a);
    w[exponent] = 0;
    w[exponent + 1] = 0x80000000;
    w[exponent + 2] = classA === ZERO ? 0xffff : 0x7fff;
    return flags;
  }
  w[significand] = u[A + LO];
  w[significand + 1] = u[A + HI];
  w[significand + 2] = sign | 0x3fff;
  const exp = u[A + EXP];
  u[R + SIGN] = exp < 0 ? 1 : 0;
  u[R + HI] = 0;
  u[R + LO] = Math.abs(exp);
  u[R + EXT] = 0;
  u[R + EXP] = 63;
  if (exp !== 0) normalise(R);
  storeF80(w, exponent);
  return flags;
}
