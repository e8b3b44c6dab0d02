import { C1, OE, PE, RC_DOWN, RC_NEAREST, RC_UP, UE } from './status.ts';
import { EMAX_F80, EXP, EXT, HI, LO, R, SIGN, shiftRightJam, u } from './unpacked.ts';

/** The exponent adjustment of the x87's unmasked overflow and underflow responses (SDM volume 1, 8.5.4, 8.5.5). */
export const WRAP = 24576;

/** Whether a discarded part (32 bits, half = 1 << 31, last bit sticky) rounds the magnitude up. */
export function roundsUp(rc: number, sign: number, discarded: number, odd: number): boolean {
  if (discarded === 0) return false;
  if (rc === RC_NEAREST) return discarded < 0 && (discarded !== -0x80000000 || odd !== 0);
  return rc === (sign !== 0 ? RC_DOWN : RC_UP);
}

function discardedBits(precision: number): number {
  const ext = u[R + EXT];
  if (precision === 64) return ext;
  const lo = u[R + LO];
  if (precision === 53) return (lo << 21) | (ext === 0 ? 0 : 1);
  return (u[R + HI] << 24) | ((lo | ext) === 0 ? 0 : 1);
}

function isOdd(precision: number): number {
  if (precision === 64) return u[R + LO] & 1;
  return precision === 53 ? u[R + LO] & 0x800 : u[R + HI] & 0x100;
}

/** Drops the bits below the precision and adds one unit when asked; true when the significand carried out. */
function cut(precision: number, up: boolean): boolean {
  let hi = u[R + HI];
  let lo = u[R + LO];
  u[R + EXT] = 0;
  if (precision === 24) {
    hi &= ~0xff;
    lo = 0;
    if (up) hi = (hi + 0x100) | 0;
  } else {
    if (precision === 53) lo &= ~0x7ff;
    if (up) {
      lo = (lo + (precision === 53 ? 0x800 : 1)) | 0;
      if (lo === 0) hi = (hi + 1) | 0;
    }
  }
  u[R + HI] = hi;
  u[R + LO] = lo;
  return up && (hi | lo) === 0;
}

function allOnes(precision: number): boolean {
  if (precision === 24) return (u[R + HI] | 0xff) === -1;
  return u[R + HI] === -1 && (precision === 53 ? u[R + LO] | 0x7ff : u[R + LO]) === -1;
}

/** Whether R, rounded as if the exponent had no limit, stays below the format's smallest normal number. */
export function isTiny(precision: number, emax: number, rc: number): boolean {
  if (u[R + EXP] >= 1 - emax) return false;
  if (u[R + EXP] !== -emax) return true;
  return !(allOnes(precision) && roundsUp(rc, u[R + SIGN], discardedBits(precision), 1));
}

function overflow(precision: number, emax: number, rc: number): number {
  const toInfinity = rc === RC_NEAREST || rc === (u[R + SIGN] !== 0 ? RC_DOWN : RC_UP);
  u[R + EXP] = toInfinity ? emax + 1 : emax;
  u[R + HI] = toInfinity ? -0x80000000 : precision === 24 ? ~0xff : -1;
  u[R + LO] = toInfinity || precision === 24 ? 0 : precision === 53 ? ~0x7ff : -1;
  return toInfinity ? OE | PE | C1 : OE | PE;
}

/**
 * Rounds slot R, which is normalised and not zero, to `precision` bits (24, 53, 64) within an IEEE format whose
 * largest exponent is `emax`. `masks` has OE and UE set when those exceptions are masked; unmasked, the exponent
 * of an 80-bit result is wrapped as the x87 does, and a narrower result means nothing. Tininess is found after rounding. Returns OE, UE, PE, and C1 when the magnitude grew.
 */
export function round(precision: number, emax: number, rc: number, masks: number): number {
  const sign = u[R + SIGN];
  const emin = 1 - emax;
  let flags = 0;
  let tiny = false;
  if (u[R + EXP] < emin) {
    tiny = isTiny(precision, emax, rc);
    if (tiny && (masks & UE) === 0) {
      flags = UE;
      if (emax === EMAX_F80) u[R + EXP] += WRAP;
    } else {
      shiftRightJam(R, emin - u[R + EXP]);
      u[R + EXP] = emin;
    }
  }
  const discarded = discardedBits(precision);
  if (discarded !== 0) {
    const up = roundsUp(rc, sign, discarded, isOdd(precision));
    flags |= PE;
    if (tiny) flags |= UE;
    if (up) flags |= C1;
    if (cut(precision, up)) {
      u[R + HI] = -0x80000000;
      u[R + EXP]++;
    }
  }
  if (u[R + EXP] > emax) {
    if ((masks & OE) !== 0) return overflow(precision, emax, rc);
    if (emax === EMAX_F80) u[R + EXP] -= WRAP;
    flags |= OE;
  }
  return flags;
}
