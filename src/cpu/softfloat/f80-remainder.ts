/** FPREM and FPREM1. SDM volume 2, those pages; arguments and results as in f80-arithmetic.ts. */
import { copy, invalid, propagate } from './nan.ts';
import { round } from './round.ts';
import { C0, C1, C2, C3, DE, x87Rounding } from './status.ts';
import {
  A,
  B,
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

/** The remainder so far: low and high word. */
const rest = new Int32Array(2);

/** Whether the remainder, with a bit above it, is at least B. */
function reaches(above: number, hi: number, lo: number): boolean {
  const bh = u[B + HI];
  if (above !== 0) return true;
  return hi >>> 0 > bh >>> 0 || (hi === bh && lo >>> 0 >= u[B + LO] >>> 0);
}

/** rest = A * 2^(steps) mod B; returns the low 32 bits of the quotient. */
function divideBits(steps: number): number {
  const bh = u[B + HI];
  const bl = u[B + LO];
  let hi = u[A + HI];
  let lo = u[A + LO];
  let above = 0;
  let quotient = 0;
  for (let i = 0; ; i++) {
    quotient <<= 1;
    if (reaches(above, hi, lo)) {
      hi = (hi - bh - (lo >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
      lo = (lo - bl) | 0;
      quotient |= 1;
    }
    if (i === steps) break;
    above = hi >>> 31;
    hi = (hi << 1) | (lo >>> 31);
    lo <<= 1;
  }
  rest[0] = lo;
  rest[1] = hi;
  return quotient;
}

/** For FPREM1: whether the remainder lies above B/2 (or at it with an odd quotient). */
function isPastHalf(quotient: number): boolean {
  const hi = (rest[1] << 1) | (rest[0] >>> 31);
  const lo = rest[0] << 1;
  if (!reaches(rest[1] >>> 31, hi, lo)) return false;
  const tie = rest[1] >= 0 && hi === u[B + HI] && lo === u[B + LO];
  return !tie || (quotient & 1) !== 0;
}

function reflect(): void {
  const lo = rest[0];
  rest[0] = (u[B + LO] - lo) | 0;
  rest[1] = (u[B + HI] - rest[1] - (u[B + LO] >>> 0 < lo >>> 0 ? 1 : 0)) | 0;
  u[R + SIGN] ^= 1;
}

function quotientBits(quotient: number): number {
  return ((quotient & 4) !== 0 ? C0 : 0) | ((quotient & 2) !== 0 ? C3 : 0) | ((quotient & 1) !== 0 ? C1 : 0);
}

function finish(w: Int32Array, d: number, exp: number, cw: number): number {
  u[R + HI] = rest[1];
  u[R + LO] = rest[0];
  u[R + EXT] = 0;
  u[R + EXP] = exp;
  if ((rest[0] | rest[1]) === 0) {
    storeF80(w, d);
    return 0;
  }
  normalise(R);
  const flags = round(64, EMAX_F80, x87Rounding(cw), cw);
  storeF80(w, d);
  return flags;
}

/**
 * FPREM, and FPREM1 with `nearest`: d = a - b * q, q truncated or rounded to nearest. Sets C0, C3, C1 from the
 * quotient's bits 2, 1, 0; C2 when exponents are 64 or more apart and the reduction is only partial.
 */
export function remainderF80(w: Int32Array, d: number, a: number, b: number, cw: number, nearest: boolean): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  const classes = classA | classB;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, a, b, classA, classB, cw);
  if (classA === INFINITE || classB === ZERO) return invalid(w, d, cw);
  const denormal = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  if (classA === ZERO) {
    copy(w, d, a);
    return denormal;
  }
  const distance = classB === INFINITE ? -2 : u[A + EXP] - u[B + EXP];
  u[R + SIGN] = u[A + SIGN];
  if (distance < (nearest ? -1 : 0)) {
    rest[0] = u[A + LO];
    rest[1] = u[A + HI];
    return denormal | finish(w, d, u[A + EXP], cw);
  }
  if (distance >= 64) {
    const reduced = (distance & 31) | 32;
    divideBits(reduced);
    return denormal | C2 | finish(w, d, u[B + EXP] + distance - reduced, cw);
  }
  if (distance === -1) return denormal | roundHalf(w, d, cw);
  let quotient = divideBits(distance);
  if (nearest && isPastHalf(quotient)) {
    reflect();
    quotient++;
  }
  return denormal | quotientBits(quotient) | finish(w, d, u[B + EXP], cw);
}

/** FPREM1 with b / 4 < a < b: the quotient is 0 or 1. */
function roundHalf(w: Int32Array, d: number, cw: number): number {
  // Twice a compares with b as the significands do.
  const past = reaches(0, u[A + HI], u[A + LO]) && !(u[A + HI] === u[B + HI] && u[A + LO] === u[B + LO]);
  if (!past) {
    rest[0] = u[A + LO];
    rest[1] = u[A + HI];
    return finish(w, d, u[A + EXP], cw);
  }
  // b - a in units of a's last place: 2 * B - A fits 64 bits because A exceeds B.
  const lo = u[A + LO];
  const twiceLo = u[B + LO] << 1;
  rest[0] = (twiceLo - lo) | 0;
  rest[1] = (((u[B + HI] << 1) | (u[B + LO] >>> 31)) - u[A + HI] - (twiceLo >>> 0 < lo >>> 0 ? 1 : 0)) | 0;
  u[R + SIGN] ^= 1;
  return quotientBits(1) | finish(w, d, u[A + EXP], cw);
}
