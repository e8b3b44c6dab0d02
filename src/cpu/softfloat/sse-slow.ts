/** The complete path of the SSE scalar operations, for both formats; the quick ones are in sse-arithmetic.ts. */
import { add, divide, multiply, squareRoot } from './arithmetic.ts';
import { isTiny, round } from './round.ts';
import { DE, IE, MXCSR_DAZ, MXCSR_FTZ, MXCSR_MASK_SHIFT, MXCSR_RC_SHIFT, PE, RC_DOWN, UE, ZE } from './status.ts';
import {
  A,
  B,
  copyToResult,
  DENORMAL,
  EMAX_F32,
  EMAX_F64,
  INFINITE,
  loadF32,
  loadF64,
  NAN,
  R,
  SIGN,
  SNAN,
  storeF32,
  storeF64,
  u,
  ZERO,
} from './unpacked.ts';

/** Where the scalar operands are: three views of one buffer (CpuState has them); operands are indices of 32-bit words. */
export interface FloatViews {
  readonly words: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

export const ADD = 0;
export const SUBTRACT = 1;
export const MULTIPLY = 2;
export const DIVIDE = 3;

const FLAGS = 0x3f;

/** Loads an operand, a denormal as zero under DAZ. */
export function load(w: Int32Array, i: number, x: number, wide: boolean, mxcsr: number): number {
  const operandClass = wide ? loadF64(w, i, x) : loadF32(w, i, x);
  return operandClass === DENORMAL && (mxcsr & MXCSR_DAZ) !== 0 ? ZERO : operandClass;
}

export function rounding(mxcsr: number): number {
  return (mxcsr >>> MXCSR_RC_SHIFT) & 3;
}

function storeBits(w: Int32Array, d: number, wide: boolean, hi: number): void {
  if (wide) {
    w[d] = 0;
    w[d + 1] = hi;
  } else w[d] = hi;
}

function storeZero(w: Int32Array, d: number, wide: boolean, sign: number): void {
  storeBits(w, d, wide, sign << 31);
}

function storeInfinity(w: Int32Array, d: number, wide: boolean, sign: number): void {
  storeBits(w, d, wide, (sign << 31) | (wide ? 0x7ff00000 : 0x7f800000));
}

/** The QNaN floating-point indefinite. */
function invalid(w: Int32Array, d: number, wide: boolean): number {
  storeBits(w, d, wide, wide ? 0xfff80000 : 0xffc00000);
  return IE;
}

/** Copies the NaN at `from`, quieted. */
function storeQuiet(w: Int32Array, d: number, from: number, wide: boolean): void {
  if (wide) {
    const lo = w[from];
    w[d + 1] = w[from + 1] | 0x80000;
    w[d] = lo;
  } else w[d] = w[from] | 0x400000;
}

/** Rounds R into the format, with flush to zero; returns the flags. */
export function finish(w: Int32Array, d: number, wide: boolean, mxcsr: number): number {
  const precision = wide ? 53 : 24;
  const emax = wide ? EMAX_F64 : EMAX_F32;
  const masks = mxcsr >>> MXCSR_MASK_SHIFT;
  const rc = rounding(mxcsr);
  if ((mxcsr & MXCSR_FTZ) !== 0 && (masks & UE) !== 0 && isTiny(precision, emax, rc)) {
    storeZero(w, d, wide, u[R + SIGN]);
    return UE | PE;
  }
  const flags = round(precision, emax, rc, masks) & FLAGS;
  if (wide) storeF64(w, d);
  else storeF32(w, d);
  return flags;
}

function storeZeroSum(w: Int32Array, d: number, wide: boolean, mxcsr: number): void {
  storeZero(w, d, wide, rounding(mxcsr) === RC_DOWN ? 1 : 0);
}

function finiteSum(w: Int32Array, d: number, wide: boolean, mxcsr: number, classA: number, classB: number): number {
  if (classA === ZERO && classB === ZERO) {
    if (u[A + SIGN] === u[B + SIGN]) storeZero(w, d, wide, u[A + SIGN]);
    else storeZeroSum(w, d, wide, mxcsr);
    return 0;
  }
  if (classA === ZERO) copyToResult(B);
  else if (classB === ZERO) copyToResult(A);
  else if (!add()) {
    storeZeroSum(w, d, wide, mxcsr);
    return 0;
  }
  return finish(w, d, wide, mxcsr);
}

/**
 * One of ADD, SUBTRACT, MULTIPLY, DIVIDE on binary64 (wide) or binary32. Returns IE DE ZE OE UE PE. When one of them
 * is unmasked in mxcsr the destination's contents mean nothing. SDM volume 1, sections 11.5.2 and 4.8.3.5.
 */
export function slowBinary(
  w: Int32Array,
  d: number,
  a: number,
  b: number,
  mxcsr: number,
  operation: number,
  wide: boolean,
): number {
  const classA = load(w, a, A, wide, mxcsr);
  const classB = load(w, b, B, wide, mxcsr);
  const classes = classA | classB;
  if ((classes & NAN) !== 0) {
    storeQuiet(w, d, (classA & NAN) !== 0 ? a : b, wide);
    return (classes & SNAN) !== 0 ? IE : 0;
  }
  if (operation === SUBTRACT) u[B + SIGN] ^= 1;
  const sign = u[A + SIGN] ^ u[B + SIGN];
  const infinite = (classes & INFINITE) !== 0;
  let flags = (classes & DENORMAL) !== 0 ? DE : 0;
  if (operation <= SUBTRACT) {
    if (classA === INFINITE && classB === INFINITE && sign !== 0) return invalid(w, d, wide);
    if (!infinite) {
      if ((flags & ~(mxcsr >>> MXCSR_MASK_SHIFT)) !== 0) return flags;
      return flags | finiteSum(w, d, wide, mxcsr, classA, classB);
    }
    storeInfinity(w, d, wide, u[(classA === INFINITE ? A : B) + SIGN]);
    return flags;
  }
  const toInfinity = operation === MULTIPLY ? infinite : classA === INFINITE || classB === ZERO;
  const toZero = operation === MULTIPLY ? (classes & ZERO) !== 0 : classA === ZERO || classB === INFINITE;
  if (toInfinity && toZero) return invalid(w, d, wide);
  if (toInfinity && !infinite) flags = ZE;
  if (toInfinity) storeInfinity(w, d, wide, sign);
  else if (toZero) storeZero(w, d, wide, sign);
  if (toInfinity || toZero || (flags & ~(mxcsr >>> MXCSR_MASK_SHIFT)) !== 0) return flags;
  if (operation === MULTIPLY) multiply();
  else divide();
  return flags | finish(w, d, wide, mxcsr);
}

/** Square root of binary64 (wide) or binary32; flags and destination as slowBinary. */
export function slowSquareRoot(w: Int32Array, d: number, a: number, mxcsr: number, wide: boolean): number {
  const classA = load(w, a, A, wide, mxcsr);
  if ((classA & NAN) !== 0) {
    storeQuiet(w, d, a, wide);
    return classA === SNAN ? IE : 0;
  }
  if (classA === ZERO) {
    storeZero(w, d, wide, u[A + SIGN]);
    return 0;
  }
  if (u[A + SIGN] !== 0) return invalid(w, d, wide);
  if (classA === INFINITE) {
    storeInfinity(w, d, wide, 0);
    return 0;
  }
  const flags = classA === DENORMAL ? DE : 0;
  if ((flags & ~(mxcsr >>> MXCSR_MASK_SHIFT)) !== 0) return flags;
  squareRoot();
  return flags | finish(w, d, wide, mxcsr);
}
