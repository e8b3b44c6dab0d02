/**
 * Conversions of SSE to SSE4.1, one element at a time. Indices, flags and destination as in sse-arithmetic.ts.
 * Integers of 64 bits are two words, low first.
 */
import { applySign, fitsSigned, loadInteger, roundToInteger, TOO_LARGE } from './integer.ts';
import { type FloatViews, finish, load, rounding } from './sse-slow.ts';
import { DE, IE, MXCSR_MASK_SHIFT, PE, RC_ZERO } from './status.ts';
import {
  A,
  copyToResult,
  DENORMAL,
  EMAX_F32,
  EMAX_F64,
  EXP,
  EXT,
  HI,
  INFINITE,
  LO,
  NAN,
  normalise,
  R,
  SIGN,
  SNAN,
  storeF32,
  storeF64,
  u,
  ZERO,
} from './unpacked.ts';

const FLAGS = 0x3f;

/** CVTSI2SD (wide), CVTSI2SS: a signed 64-bit integer (the caller extends 32 bits) to a floating-point value at d. */
export function integerToSse(v: FloatViews, d: number, hi: number, lo: number, mxcsr: number, wide: boolean): number {
  if (wide && hi === lo >> 31) {
    v.f64[d >> 1] = lo;
    return 0;
  }
  if (loadInteger(hi, lo)) return finish(v.words, d, wide, mxcsr);
  v.words[d] = 0;
  if (wide) v.words[d + 1] = 0;
  return 0;
}

/**
 * CVTSD2SI, CVTSS2SI, CVTTSD2SI, CVTTSS2SI: the value at a to a signed integer of 32 or 64 bits in words[d] (and
 * words[d + 1] for 64). Out of range or NaN: IE and the integer indefinite.
 */
export function sseToInteger(
  v: FloatViews,
  d: number,
  a: number,
  bits: number,
  mxcsr: number,
  truncate: boolean,
  wide: boolean,
): number {
  const w = v.words;
  if (truncate && bits === 32) {
    const x = wide ? v.f64[a >> 1] : v.f32[a];
    const whole = x | 0;
    // Denormals leave the quick way: DAZ decides whether they are inexact.
    if (whole === x || (Math.abs(x) >= 0.5 && x > -2147483649 && x < 2147483648)) {
      w[d] = whole;
      return whole === x ? 0 : PE;
    }
  }
  const classA = load(w, a, A, wide, mxcsr);
  if (classA === ZERO) {
    w[d] = 0;
    if (bits === 64) w[d + 1] = 0;
    return 0;
  }
  const finite = (classA & (NAN | INFINITE)) === 0;
  const flags = finite ? roundToInteger(truncate ? RC_ZERO : rounding(mxcsr)) : TOO_LARGE;
  if (flags === TOO_LARGE || !fitsSigned(bits)) {
    w[d] = bits === 64 ? 0 : 0x80000000;
    if (bits === 64) w[d + 1] = 0x80000000;
    return IE;
  }
  applySign();
  w[d] = u[R + LO];
  if (bits === 64) w[d + 1] = u[R + HI];
  return flags & FLAGS;
}

/** CVTSS2SD: the binary32 at a to a binary64 at d. */
export function f32ToF64(v: FloatViews, d: number, a: number, mxcsr: number): number {
  const x = v.f32[a];
  if (Math.abs(x) >= 2 ** -126 || x === 0) {
    v.f64[d >> 1] = x;
    return 0;
  }
  const classA = load(v.words, a, A, false, mxcsr);
  if (classA === ZERO) {
    v.f64[d >> 1] = u[A + SIGN] !== 0 ? -0 : 0;
    return 0;
  }
  copyToResult(A);
  if ((classA & NAN) !== 0) {
    u[R + EXP] = EMAX_F64 + 1;
    u[R + HI] |= 0x40000000;
  }
  storeF64(v.words, d);
  return classA === SNAN ? IE : classA === DENORMAL ? DE : 0;
}

/** CVTSD2SS: the binary64 at a to a binary32 at d. */
export function f64ToF32(v: FloatViews, d: number, a: number, mxcsr: number): number {
  const classA = load(v.words, a, A, true, mxcsr);
  if (classA === ZERO) {
    v.words[d] = u[A + SIGN] << 31;
    return 0;
  }
  copyToResult(A);
  if ((classA & (NAN | INFINITE)) !== 0) {
    u[R + EXP] = EMAX_F32 + 1;
    if (classA !== INFINITE) u[R + HI] |= 0x40000000;
    storeF32(v.words, d);
    return classA === SNAN ? IE : 0;
  }
  const flags = classA === DENORMAL ? DE : 0;
  if ((flags & ~(mxcsr >>> MXCSR_MASK_SHIFT)) !== 0) return flags;
  return flags | finish(v.words, d, false, mxcsr);
}

/**
 * ROUNDSD (wide), ROUNDSS: immediate bits 1-0 give the rounding unless bit 2 takes MXCSR's, bit 3 suppresses PE.
 */
export function roundSse(v: FloatViews, d: number, a: number, mxcsr: number, immediate: number, wide: boolean): number {
  const w = v.words;
  const classA = load(w, a, A, wide, mxcsr);
  const precision = (immediate & 8) !== 0 ? ~PE : -1;
  if (classA === ZERO) {
    if (wide) w[d] = 0;
    w[wide ? d + 1 : d] = u[A + SIGN] << 31;
    return 0;
  }
  const emax = wide ? EMAX_F64 : EMAX_F32;
  let flags = classA === SNAN ? IE : 0;
  copyToResult(A);
  if ((classA & (NAN | INFINITE)) !== 0) {
    u[R + EXP] = emax + 1;
    if (classA !== INFINITE) u[R + HI] |= 0x40000000;
  } else if (u[A + EXP] < 63) {
    flags = roundToInteger((immediate & 4) !== 0 ? rounding(mxcsr) : immediate & 3) & FLAGS & precision;
    u[R + EXP] = 63;
    u[R + EXT] = 0;
    if ((u[R + HI] | u[R + LO]) !== 0) normalise(R);
  }
  if (wide) storeF64(w, d);
  else storeF32(w, d);
  return flags;
}

/**
 * RCPSS and RSQRTSS. The SDM allows a relative error of 1.5 * 2^-12, and each maker's chips give other bits within it.
 * These give the correctly rounded value: a permitted result, though not the bits of any chip. Denormals count as
 * zeros and no flag is raised.
 */
export function reciprocalF32(v: FloatViews, d: number, a: number): void {
  approximate(v, d, a, 1 / flushed(v.f32[a]));
}

export function reciprocalSquareRootF32(v: FloatViews, d: number, a: number): void {
  const x = flushed(v.f32[a]);
  if (x < 0) v.words[d] = 0xffc00000;
  else approximate(v, d, a, x === 0 ? 1 / x : 1 / Math.sqrt(x));
}

function flushed(x: number): number {
  return Math.abs(x) < 2 ** -126 ? x * 0 : x;
}

function approximate(v: FloatViews, d: number, a: number, result: number): void {
  if (Number.isNaN(result)) v.words[d] = v.words[a] | 0x400000;
  else v.f32[d] = flushed(Math.fround(result));
}
