/**
 * Loads and stores of the x87 in other formats: FLD and FST with m32fp and m64fp, FILD, FIST and FISTTP. Each
 * returns IE DE OE UE PE and C1. Loads with an unmasked IE write nothing (one that reports DE does); neither do
 * stores with an unmasked IE, OE or UE (SDM volume 1, 8.5.4: nothing is stored in memory).
 */
import { applySign, fitsSigned, loadInteger, roundToInteger, TOO_LARGE } from './integer.ts';
import { round } from './round.ts';
import { DE, IE, OE, RC_ZERO, UE, x87Rounding } from './status.ts';
import {
  A,
  copyToResult,
  DENORMAL,
  EMAX_F32,
  EMAX_F64,
  EXP,
  HI,
  INFINITE,
  LO,
  loadF32,
  loadF64,
  loadF80,
  NAN,
  R,
  SIGN,
  SNAN,
  storeF32,
  storeF64,
  storeF80,
  UNSUPPORTED,
  u,
  ZERO,
} from './unpacked.ts';

function widen(w: Int32Array, d: number, classA: number, cw: number): number {
  const flags = classA === SNAN ? IE : classA === DENORMAL ? DE : 0;
  if ((flags & ~cw & IE) !== 0) return flags;
  storeWidened(w, d, classA);
  if (classA === SNAN) w[d + 1] |= 0x40000000;
  return flags;
}

function storeWidened(w: Int32Array, d: number, classA: number): void {
  const biased = (classA & (INFINITE | NAN)) !== 0 ? 0x7fff : classA === ZERO ? 0 : u[A + EXP] + 16383;
  w[d] = classA === ZERO ? 0 : u[A + LO];
  w[d + 1] = classA === ZERO ? 0 : u[A + HI];
  w[d + 2] = (u[A + SIGN] << 15) | biased;
}

/** FLD m32fp: the binary32 in w[a] to an 80-bit value at d. */
export function f32ToF80(w: Int32Array, d: number, a: number, cw: number): number {
  return widen(w, d, loadF32(w, a, A), cw);
}

/** FLD m64fp: the binary64 in w[a], w[a + 1] to an 80-bit value at d. */
export function f64ToF80(w: Int32Array, d: number, a: number, cw: number): number {
  return widen(w, d, loadF64(w, a, A), cw);
}

/**
 * The memory operand of FADD m32fp and the like: widened as it is (an SNaN stays one), so that the operation meets
 * the exceptions. True when it was a denormal, which the 80-bit value no longer shows.
 */
export function operandF32ToF80(w: Int32Array, d: number, a: number): boolean {
  const classA = loadF32(w, a, A);
  storeWidened(w, d, classA);
  return classA === DENORMAL;
}

/** As operandF32ToF80, for m64fp. */
export function operandF64ToF80(w: Int32Array, d: number, a: number): boolean {
  const classA = loadF64(w, a, A);
  storeWidened(w, d, classA);
  return classA === DENORMAL;
}

/** Puts the number of class `classA` in A, narrowed to the format, into R. */
function narrow(classA: number, precision: number, emax: number, cw: number): number {
  if ((classA & (NAN | UNSUPPORTED)) !== 0) {
    u[R + SIGN] = classA === UNSUPPORTED ? 1 : u[A + SIGN];
    u[R + HI] = classA === UNSUPPORTED ? -0x40000000 : u[A + HI] | 0x40000000;
    u[R + LO] = classA === UNSUPPORTED ? 0 : u[A + LO];
    u[R + EXP] = emax + 1;
    return (classA & (SNAN | UNSUPPORTED)) !== 0 ? IE : 0;
  }
  copyToResult(A);
  if (classA === INFINITE) u[R + EXP] = emax + 1;
  return (classA & (INFINITE | ZERO)) !== 0 ? 0 : round(precision, emax, x87Rounding(cw), cw);
}

/** FST m32fp: the 80-bit value at a to the binary32 w[d]. */
export function f80ToF32(w: Int32Array, d: number, a: number, cw: number): number {
  const flags = narrow(loadF80(w, a, A), 24, EMAX_F32, cw);
  const unmasked = flags & ~cw & (IE | OE | UE);
  if (unmasked !== 0) return unmasked;
  storeF32(w, d);
  return flags;
}

/** FST m64fp: the 80-bit value at a to the binary64 w[d], w[d + 1]. */
export function f80ToF64(w: Int32Array, d: number, a: number, cw: number): number {
  const flags = narrow(loadF80(w, a, A), 53, EMAX_F64, cw);
  const unmasked = flags & ~cw & (IE | OE | UE);
  if (unmasked !== 0) return unmasked;
  storeF64(w, d);
  return flags;
}

/** FILD: a signed 64-bit integer (high and low word; the caller extends shorter ones) to an 80-bit value. Exact. */
export function integerToF80(w: Int32Array, d: number, hi: number, lo: number): void {
  loadInteger(hi, lo);
  storeF80(w, d);
}

/**
 * FIST and FISTP (and FISTTP with `truncate`): the 80-bit value at a to a signed integer of 16, 32 or 64 bits in
 * w[d] and w[d + 1], always extended to 64 bits. Out of range, NaN: IE and, masked, the integer indefinite.
 */
export function f80ToInteger(w: Int32Array, d: number, a: number, bits: number, cw: number, truncate: boolean): number {
  const classA = loadF80(w, a, A);
  if (classA === ZERO) {
    w[d] = 0;
    w[d + 1] = 0;
    return 0;
  }
  const finite = (classA & (NAN | INFINITE | UNSUPPORTED)) === 0;
  const flags = finite ? roundToInteger(truncate ? RC_ZERO : x87Rounding(cw)) : TOO_LARGE;
  if (flags === TOO_LARGE || !fitsSigned(bits)) {
    if ((cw & IE) === 0) return IE;
    w[d] = bits === 64 ? 0 : bits === 32 ? 0x80000000 : -0x8000;
    w[d + 1] = bits === 64 ? 0x80000000 : -1;
    return IE;
  }
  applySign();
  w[d] = u[R + LO];
  w[d + 1] = u[R + HI];
  return flags;
}
