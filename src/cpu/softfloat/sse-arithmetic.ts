/**
 * ADD, SUB, MUL, DIV and SQRT of SSE and SSE2, one element at a time. v gives the views, d, a and b are indices of
 * 32-bit words (even for binary64), mxcsr is MXCSR with its sticky flags. Each returns the flags that the operation
 * raises: IE DE ZE OE UE PE; when PE is set and masked in mxcsr already, PE may be left out. When a flag is unmasked
 * the destination's contents mean nothing: the caller gives a scratch slot and raises #XM (see unmaskedSse).
 *
 * Plain binary64 arithmetic of JavaScript serves rounding to nearest when operands and result are zero or normal; the
 * error-free transforms of Knuth and Dekker tell whether the result is inexact. Everything else goes the whole way.
 */
import { ADD, DIVIDE, type FloatViews, MULTIPLY, SUBTRACT, slowBinary, slowSquareRoot } from './sse-slow.ts';
import { MXCSR_MASK_SHIFT, PE, PRECOMPUTATION } from './status.ts';

const RC_BITS = 0x6000;
const PE_SETTLED = PE | (PE << MXCSR_MASK_SHIFT);
const MIN_F64 = 2 ** -1022;
const MIN_F32 = 2 ** -126;
/** Between these, products and their error terms neither overflow nor lose bits. */
const SAFE_LOW = 2 ** -900;
const SAFE_HIGH = 2 ** 900;
const SPLITTER = 2 ** 27 + 1;

/** The flags of all elements of a packed operation that go into MXCSR, given the union of what they returned. */
export function mergedSse(flags: number, mxcsr: number): number {
  return (unmaskedSse(flags, mxcsr) & PRECOMPUTATION) !== 0 ? flags & PRECOMPUTATION : flags;
}

/** Those of the flags that are unmasked: not 0 means #XM, before anything is written. */
export function unmaskedSse(flags: number, mxcsr: number): number {
  return flags & ~(mxcsr >>> MXCSR_MASK_SHIFT) & 0x3f;
}

function plainF64(magnitude: number): boolean {
  return magnitude >= MIN_F64 || magnitude === 0;
}

function plainF32(magnitude: number): boolean {
  return magnitude >= MIN_F32 || magnitude === 0;
}

/** Whether x + y, rounded to s, lost bits (Knuth's two-sum). */
function sumIsInexact(x: number, y: number, s: number): boolean {
  const virtual = s - x;
  return x - (s - virtual) + (y - virtual) !== 0;
}

/** x * y - p, exactly, for p = x * y rounded (Dekker's product). */
function productError(x: number, y: number, p: number): number {
  const xs = x * SPLITTER;
  const ys = y * SPLITTER;
  const xh = xs - (xs - x);
  const yh = ys - (ys - y);
  const xl = x - xh;
  const yl = y - yh;
  return xl * yl - (p - xh * yh - xl * yh - xh * yl);
}

function isSafe(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude > SAFE_LOW && magnitude < SAFE_HIGH;
}

function sumF64(v: FloatViews, d: number, a: number, b: number, x: number, y: number, mxcsr: number, op: number) {
  const s = x + y;
  const magnitude = Math.abs(s);
  if (
    (mxcsr & RC_BITS) === 0 &&
    plainF64(magnitude) &&
    magnitude < SAFE_HIGH &&
    plainF64(Math.abs(x)) &&
    plainF64(Math.abs(y))
  ) {
    const settled = (mxcsr & PE_SETTLED) === PE_SETTLED;
    const flags = settled || !sumIsInexact(x, y, s) ? 0 : PE;
    v.f64[d >> 1] = s;
    return flags;
  }
  return slowBinary(v.words, d, a, b, mxcsr, op, true);
}

/** ADDSD: d = a + b. */
export function addF64(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  return sumF64(v, d, a, b, v.f64[a >> 1], v.f64[b >> 1], mxcsr, ADD);
}

/** SUBSD: d = a - b. */
export function subtractF64(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  return sumF64(v, d, a, b, v.f64[a >> 1], -v.f64[b >> 1], mxcsr, SUBTRACT);
}

/** MULSD: d = a * b. */
export function multiplyF64(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  const x = v.f64[a >> 1];
  const y = v.f64[b >> 1];
  const p = x * y;
  if ((mxcsr & RC_BITS) === 0 && isSafe(p) && isSafe(x) && isSafe(y)) {
    const settled = (mxcsr & PE_SETTLED) === PE_SETTLED;
    const flags = settled || productError(x, y, p) === 0 ? 0 : PE;
    v.f64[d >> 1] = p;
    return flags;
  }
  return slowBinary(v.words, d, a, b, mxcsr, MULTIPLY, true);
}

/** DIVSD: d = a / b. */
export function divideF64(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  const x = v.f64[a >> 1];
  const y = v.f64[b >> 1];
  const q = x / y;
  if ((mxcsr & RC_BITS) === 0 && isSafe(q) && isSafe(x) && isSafe(y)) {
    const settled = (mxcsr & PE_SETTLED) === PE_SETTLED;
    const flags = settled || (q * y === x && productError(q, y, x) === 0) ? 0 : PE;
    v.f64[d >> 1] = q;
    return flags;
  }
  return slowBinary(v.words, d, a, b, mxcsr, DIVIDE, true);
}

/** SQRTSD: d = sqrt(a). */
export function squareRootF64(v: FloatViews, d: number, a: number, mxcsr: number): number {
  const x = v.f64[a >> 1];
  if ((mxcsr & RC_BITS) === 0 && x > SAFE_LOW && x < SAFE_HIGH) {
    const s = Math.sqrt(x);
    const settled = (mxcsr & PE_SETTLED) === PE_SETTLED;
    const flags = settled || (s * s === x && productError(s, s, x) === 0) ? 0 : PE;
    v.f64[d >> 1] = s;
    return flags;
  }
  return slowSquareRoot(v.words, d, a, mxcsr, true);
}

function sumF32(v: FloatViews, d: number, a: number, b: number, x: number, y: number, mxcsr: number, op: number) {
  const wide = x + y;
  const s = Math.fround(wide);
  const magnitude = Math.abs(s);
  if (
    (mxcsr & RC_BITS) === 0 &&
    plainF32(magnitude) &&
    magnitude < Infinity &&
    plainF32(Math.abs(x)) &&
    plainF32(Math.abs(y))
  ) {
    const settled = (mxcsr & PE_SETTLED) === PE_SETTLED;
    const flags = settled || (s === wide && !sumIsInexact(x, y, wide)) ? 0 : PE;
    v.f32[d] = s;
    return flags;
  }
  return slowBinary(v.words, d, a, b, mxcsr, op, false);
}

/** ADDSS: d = a + b. */
export function addF32(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  return sumF32(v, d, a, b, v.f32[a], v.f32[b], mxcsr, ADD);
}

/** SUBSS: d = a - b. */
export function subtractF32(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  return sumF32(v, d, a, b, v.f32[a], -v.f32[b], mxcsr, SUBTRACT);
}

/** Whether a binary32 result is normal, away from the range where tininess is a question. */
function isNormalF32(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude > MIN_F32 && magnitude < Infinity;
}

/** MULSS: d = a * b. */
export function multiplyF32(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  const x = v.f32[a];
  const y = v.f32[b];
  const wide = x * y;
  const p = Math.fround(wide);
  if ((mxcsr & RC_BITS) === 0 && isNormalF32(p) && Math.abs(x) >= MIN_F32 && Math.abs(y) >= MIN_F32) {
    v.f32[d] = p;
    return p === wide ? 0 : PE;
  }
  return slowBinary(v.words, d, a, b, mxcsr, MULTIPLY, false);
}

/** DIVSS: d = a / b. */
export function divideF32(v: FloatViews, d: number, a: number, b: number, mxcsr: number): number {
  const x = v.f32[a];
  const y = v.f32[b];
  const q = Math.fround(x / y);
  if (
    (mxcsr & RC_BITS) === 0 &&
    isNormalF32(q) &&
    Math.abs(x) >= MIN_F32 &&
    Math.abs(y) >= MIN_F32 &&
    Math.abs(y) < Infinity
  ) {
    v.f32[d] = q;
    return q * y === x ? 0 : PE;
  }
  return slowBinary(v.words, d, a, b, mxcsr, DIVIDE, false);
}

/** SQRTSS: d = sqrt(a). */
export function squareRootF32(v: FloatViews, d: number, a: number, mxcsr: number): number {
  const x = v.f32[a];
  if ((mxcsr & RC_BITS) === 0 && x >= MIN_F32 && x < Infinity) {
    const s = Math.fround(Math.sqrt(x));
    v.f32[d] = s;
    return s * s === x ? 0 : PE;
  }
  return slowSquareRoot(v.words, d, a, mxcsr, false);
}
