/**
 * The working form of a floating-point number: sign, unbiased exponent, 64-bit significand with the integer bit
 * in bit 31 of HI, and 32 bits below it (EXT) whose last one is sticky. Value = HI.LO.EXT * 2^(EXP - 63) / 2^32.
 * Numbers live in slots of one preallocated array, so that no operation allocates.
 */
export const u = new Int32Array(32);

/** Slots: first operand, second operand, result. */
export const A = 0;
export const B = 8;
export const R = 16;

/** Fields of a slot. */
export const SIGN = 0;
export const EXP = 1;
export const HI = 2;
export const LO = 3;
export const EXT = 4;

/** R = the number in slot x. */
export function copyToResult(x: number): void {
  u[R + SIGN] = u[x + SIGN];
  u[R + EXP] = u[x + EXP];
  u[R + HI] = u[x + HI];
  u[R + LO] = u[x + LO];
  u[R + EXT] = u[x + EXT];
}

/** Classes, as bits so that two operands can be tested at once. A denormal is normalised when it is loaded. */
export const NORMAL = 1;
export const ZERO = 2;
export const DENORMAL = 4;
export const INFINITE = 8;
export const QNAN = 16;
export const SNAN = 32;
/** An 80-bit encoding that the FPU refuses: unnormal, pseudo-NaN, pseudo-infinity (SDM volume 1, table 8-3). */
export const UNSUPPORTED = 64;
export const NAN = QNAN | SNAN;

export const EMAX_F80 = 16383;
export const EMAX_F64 = 1023;
export const EMAX_F32 = 127;

/** Shifts a nonzero HI.LO.EXT left until the integer bit is set. */
export function normalise(x: number): void {
  let hi = u[x + HI];
  let lo = u[x + LO];
  let ext = u[x + EXT];
  let exp = u[x + EXP];
  while (hi === 0) {
    hi = lo;
    lo = ext;
    ext = 0;
    exp -= 32;
  }
  const n = Math.clz32(hi);
  if (n !== 0) {
    hi = (hi << n) | (lo >>> (32 - n));
    lo = (lo << n) | (ext >>> (32 - n));
    ext <<= n;
    exp -= n;
  }
  u[x + HI] = hi;
  u[x + LO] = lo;
  u[x + EXT] = ext;
  u[x + EXP] = exp;
}

/** Shifts HI.LO.EXT right by n; bits shifted out stay visible in the last bit of EXT. */
export function shiftRightJam(x: number, n: number): void {
  let hi = u[x + HI];
  let lo = u[x + LO];
  let ext = u[x + EXT];
  let sticky = 0;
  if (n >= 96) {
    u[x + HI] = 0;
    u[x + LO] = 0;
    u[x + EXT] = (hi | lo | ext) === 0 ? 0 : 1;
    return;
  }
  while (n >= 32) {
    sticky |= ext;
    ext = lo;
    lo = hi;
    hi = 0;
    n -= 32;
  }
  if (n !== 0) {
    const m = 32 - n;
    sticky |= ext << m;
    ext = (ext >>> n) | (lo << m);
    lo = (lo >>> n) | (hi << m);
    hi >>>= n;
  }
  u[x + HI] = hi;
  u[x + LO] = lo;
  u[x + EXT] = sticky === 0 ? ext : ext | 1;
}

/** Loads an 80-bit value from w[i], w[i + 1], w[i + 2]; returns its class. */
export function loadF80(w: Int32Array, i: number, x: number): number {
  const lo = w[i];
  const hi = w[i + 1];
  const se = w[i + 2];
  const biased = se & 0x7fff;
  u[x + SIGN] = (se >>> 15) & 1;
  u[x + HI] = hi;
  u[x + LO] = lo;
  u[x + EXT] = 0;
  u[x + EXP] = biased - 16383;
  if (hi < 0 && biased !== 0 && biased !== 0x7fff) return NORMAL;
  if (biased === 0x7fff) {
    if (hi >= 0) return UNSUPPORTED;
    if (((hi << 1) | lo) === 0) return INFINITE;
    return (hi & 0x40000000) !== 0 ? QNAN : SNAN;
  }
  if (biased !== 0) return UNSUPPORTED;
  if ((hi | lo) === 0) return ZERO;
  u[x + EXP] = 1 - EMAX_F80;
  normalise(x);
  return DENORMAL;
}

/** Loads the binary64 in w[i] (low) and w[i + 1] (high); returns its class. */
export function loadF64(w: Int32Array, i: number, x: number): number {
  const lo = w[i];
  const hi = w[i + 1];
  const biased = (hi >>> 20) & 0x7ff;
  u[x + SIGN] = hi >>> 31;
  u[x + HI] = 0x80000000 | (hi << 11) | (lo >>> 21);
  u[x + LO] = lo << 11;
  u[x + EXT] = 0;
  u[x + EXP] = biased - 1023;
  if (biased !== 0 && biased !== 0x7ff) return NORMAL;
  const fraction = (hi & 0xfffff) | lo;
  if (biased !== 0) return fraction === 0 ? INFINITE : (hi & 0x80000) !== 0 ? QNAN : SNAN;
  if (fraction === 0) return ZERO;
  u[x + HI] &= 0x7fffffff;
  u[x + EXP] = 1 - EMAX_F64;
  normalise(x);
  return DENORMAL;
}

/** Loads the binary32 in w[i]; returns its class. */
export function loadF32(w: Int32Array, i: number, x: number): number {
  const word = w[i];
  const biased = (word >>> 23) & 0xff;
  u[x + SIGN] = word >>> 31;
  u[x + HI] = 0x80000000 | (word << 8);
  u[x + LO] = 0;
  u[x + EXT] = 0;
  u[x + EXP] = biased - 127;
  if (biased !== 0 && biased !== 0xff) return NORMAL;
  const fraction = word & 0x7fffff;
  if (biased !== 0) return fraction === 0 ? INFINITE : (word & 0x400000) !== 0 ? QNAN : SNAN;
  if (fraction === 0) return ZERO;
  u[x + HI] &= 0x7fffffff;
  u[x + EXP] = 1 - EMAX_F32;
  normalise(x);
  return DENORMAL;
}

/** Writes slot R as an 80-bit value. The exponent is in range; an unset integer bit means denormal or zero. */
export function storeF80(w: Int32Array, d: number): void {
  const hi = u[R + HI];
  w[d] = u[R + LO];
  w[d + 1] = hi;
  w[d + 2] = (u[R + SIGN] << 15) | (hi < 0 ? u[R + EXP] + 16383 : 0);
}

/** Writes slot R, rounded to 53 bits, as a binary64. */
export function storeF64(w: Int32Array, d: number): void {
  const hi = u[R + HI];
  const biased = hi < 0 ? u[R + EXP] + 1023 : 0;
  w[d] = (hi << 21) | (u[R + LO] >>> 11);
  w[d + 1] = (u[R + SIGN] << 31) | (biased << 20) | ((hi >>> 11) & 0xfffff);
}

/** Writes slot R, rounded to 24 bits, as a binary32. */
export function storeF32(w: Int32Array, d: number): void {
  const hi = u[R + HI];
  const biased = hi < 0 ? u[R + EXP] + 127 : 0;
  w[d] = (u[R + SIGN] << 31) | (biased << 23) | ((hi >>> 8) & 0x7fffff);
}
