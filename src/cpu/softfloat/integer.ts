import { roundsUp } from './round.ts';
import { C1, PE } from './status.ts';
import { A, EXP, EXT, HI, LO, normalise, R, SIGN, shiftRightJam, u } from './unpacked.ts';

/** Magnitudes of 2^64 and above, which no integer format holds. */
export const TOO_LARGE = -1;

/**
 * Rounds the finite nonzero number in A to an integer: its magnitude goes to R's HI and LO, its sign to R's SIGN.
 * Returns PE and C1 (rounded up), or TOO_LARGE.
 */
export function roundToInteger(rc: number): number {
  const exp = u[A + EXP];
  if (exp > 63) return TOO_LARGE;
  const sign = u[A + SIGN];
  u[R + SIGN] = sign;
  u[R + HI] = u[A + HI];
  u[R + LO] = u[A + LO];
  u[R + EXT] = 0;
  shiftRightJam(R, 63 - exp);
  const discarded = u[R + EXT];
  if (discarded === 0) return 0;
  if (!roundsUp(rc, sign, discarded, u[R + LO] & 1)) return PE;
  u[R + LO] = (u[R + LO] + 1) | 0;
  if (u[R + LO] === 0) u[R + HI] = (u[R + HI] + 1) | 0;
  return PE | C1;
}

/** Whether the magnitude in R with its sign fits a two's complement integer of `bits` (16, 32 or 64). */
export function fitsSigned(bits: number): boolean {
  const hi = u[R + HI];
  const lo = u[R + LO];
  const negative = u[R + SIGN] !== 0;
  if (bits === 64) return hi >= 0 || (negative && hi === -0x80000000 && lo === 0);
  if (hi !== 0) return false;
  const limit = bits === 32 ? 0x80000000 : 0x8000;
  return lo >>> 0 < limit || (negative && lo >>> 0 === limit);
}

/** Negates R's HI and LO as a two's complement number when SIGN is set. */
export function applySign(): void {
  if (u[R + SIGN] === 0) return;
  const lo = u[R + LO];
  u[R + LO] = -lo | 0;
  u[R + HI] = ~u[R + HI] + (lo === 0 ? 1 : 0);
}

/** Loads a 64-bit two's complement integer as the normalised number in R; false for zero. */
export function loadInteger(hi: number, lo: number): boolean {
  const negative = hi < 0;
  u[R + SIGN] = negative ? 1 : 0;
  u[R + HI] = negative ? ~hi + (lo === 0 ? 1 : 0) : hi;
  u[R + LO] = negative ? -lo | 0 : lo;
  u[R + EXT] = 0;
  u[R + EXP] = 63;
  if ((hi | lo) === 0) return false;
  normalise(R);
  return true;
}
