/** MIN, MAX, CMP, COMIS, UCOMIS of SSE and SSE2. Indices and flags as in sse-arithmetic.ts. */
import { type FloatViews, load } from './sse-slow.ts';
import { DE, IE, MXCSR_DAZ } from './status.ts';
import { A, B, DENORMAL, NAN, SNAN } from './unpacked.ts';

/** The operand as a number, a denormal as zero under DAZ. */
function value(v: FloatViews, i: number, mxcsr: number, wide: boolean): number {
  const x = wide ? v.f64[i >> 1] : v.f32[i];
  if ((mxcsr & MXCSR_DAZ) !== 0 && Math.abs(x) < (wide ? 2 ** -1022 : 2 ** -126)) return x * 0;
  return x;
}

/** The flags of a comparison: IE for an SNaN, and for a QNaN when `signalling`; DE for a denormal. */
function comparisonFlags(
  v: FloatViews,
  a: number,
  b: number,
  mxcsr: number,
  wide: boolean,
  signalling: boolean,
): number {
  const classes = load(v.words, a, A, wide, mxcsr) | load(v.words, b, B, wide, mxcsr);
  if ((classes & NAN) !== 0) return signalling || (classes & SNAN) !== 0 ? IE : 0;
  return (classes & DENORMAL) !== 0 ? DE : 0;
}

function needsFlags(x: number, y: number, wide: boolean): boolean {
  const least = wide ? 2 ** -1022 : 2 ** -126;
  return !((x === 0 || Math.abs(x) >= least) && (y === 0 || Math.abs(y) >= least));
}

function copyElement(v: FloatViews, d: number, from: number, wide: boolean): void {
  if (wide) v.words[d + 1] = v.words[from + 1];
  v.words[d] = v.words[from];
}

function extreme(
  v: FloatViews,
  d: number,
  a: number,
  b: number,
  mxcsr: number,
  wide: boolean,
  maximum: boolean,
): number {
  const x = value(v, a, mxcsr, wide);
  const y = value(v, b, mxcsr, wide);
  const rawX = wide ? v.f64[a >> 1] : v.f32[a];
  const rawY = wide ? v.f64[b >> 1] : v.f32[b];
  const flags = needsFlags(rawX, rawY, wide) ? comparisonFlags(v, a, b, mxcsr, wide, true) : 0;
  const first = maximum ? x > y : x < y;
  const chosen = first ? x : y;
  if (chosen === 0) {
    if (wide) v.f64[d >> 1] = chosen;
    else v.f32[d] = chosen;
  } else copyElement(v, d, first ? a : b, wide);
  return flags;
}

/** MINSD, MINSS: d = a < b ? a : b; b also when either is a NaN or both are zeros. */
export function minimum(v: FloatViews, d: number, a: number, b: number, mxcsr: number, wide: boolean): number {
  return extreme(v, d, a, b, mxcsr, wide, false);
}

/** MAXSD, MAXSS: d = a > b ? a : b; b also when either is a NaN or both are zeros. */
export function maximum(v: FloatViews, d: number, a: number, b: number, mxcsr: number, wide: boolean): number {
  return extreme(v, d, a, b, mxcsr, wide, true);
}

/** LT, LE, NLT and NLE raise invalid for a quiet NaN too. */
function isSignalling(predicate: number): boolean {
  return (predicate & 3) === 1 || (predicate & 3) === 2;
}

function holds(x: number, y: number, predicate: number): boolean {
  switch (predicate & 3) {
    case 0:
      return x === y;
    case 1:
      return x < y;
    case 2:
      return x <= y;
    default:
      return Number.isNaN(x) || Number.isNaN(y);
  }
}

/**
 * CMPSD, CMPSS: all ones or all zeros at d. Predicates: EQ LT LE UNORD NEQ NLT NLE ORD (0 to 7).
 */
export function compareMask(
  v: FloatViews,
  d: number,
  a: number,
  b: number,
  mxcsr: number,
  predicate: number,
  wide: boolean,
): number {
  const x = value(v, a, mxcsr, wide);
  const y = value(v, b, mxcsr, wide);
  const flags = needsFlags(x, y, wide) ? comparisonFlags(v, a, b, mxcsr, wide, isSignalling(predicate)) : 0;
  const mask = holds(x, y, predicate) !== ((predicate & 4) !== 0) ? -1 : 0;
  v.words[d] = mask;
  if (wide) v.words[d + 1] = mask;
  return flags;
}

/** EFLAGS bits of an ordered comparison. */
const CF = 0x01;
const PF = 0x04;
const ZF = 0x40;
/** Where compareFlags puts the exception flags. */
export const COMPARE_FLAGS_SHIFT = 8;

/**
 * COMISD, COMISS (`signalling`) and UCOMISD, UCOMISS: ZF PF CF in bits 6, 2, 0; the exception flags above
 * COMPARE_FLAGS_SHIFT.
 */
export function compareFlags(
  v: FloatViews,
  a: number,
  b: number,
  mxcsr: number,
  signalling: boolean,
  wide: boolean,
): number {
  const x = value(v, a, mxcsr, wide);
  const y = value(v, b, mxcsr, wide);
  const flags = needsFlags(x, y, wide) ? comparisonFlags(v, a, b, mxcsr, wide, signalling) : 0;
  const relation = x > y ? 0 : x < y ? CF : x === y ? ZF : ZF | PF | CF;
  return relation | (flags << COMPARE_FLAGS_SHIFT);
}
