/**
 * FADD, FSUB, FMUL, FDIV, FSQRT. Operands and destination are indices of three words (low, high, sign and exponent)
 * in w; cw is the FPU control word. Each returns the bits to merge into the status word: IE DE ZE OE UE PE and C1
 * (rounded up). An unmasked IE, DE or ZE leaves the destination as it was. SDM volume 1, sections 8.4 and 8.5.
 */
import { add, divide, multiply, squareRoot } from './arithmetic.ts';
import { copy, invalid, propagate, propagateOne } from './nan.ts';
import { round } from './round.ts';
import { C1, DE, PE, RC_DOWN, x87Precision, x87Rounding, ZE } from './status.ts';
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
  NORMAL,
  R,
  SIGN,
  storeF80,
  UNSUPPORTED,
  u,
  ZERO,
} from './unpacked.ts';

/** Precision and rounding control of 64 bits, to nearest. */
const CONTROL = 0xf00;
const EXTENDED_NEAREST = 0x300;

/** Rounds R into d. The usual control word, with an exponent that rounding cannot push out of range, goes a short way. */
function finish(w: Int32Array, d: number, cw: number): number {
  const exp = u[R + EXP];
  if ((cw & CONTROL) === EXTENDED_NEAREST && exp > -EMAX_F80 && exp < EMAX_F80) {
    const ext = u[R + EXT];
    const lo = u[R + LO];
    const hi = u[R + HI];
    const up = ext < 0 && (ext !== -0x80000000 || (lo & 1) !== 0) ? 1 : 0;
    const roundedLo = (lo + up) | 0;
    const roundedHi = up !== 0 && roundedLo === 0 ? (hi + 1) | 0 : hi;
    const wrapped = roundedHi === 0;
    w[d] = roundedLo;
    w[d + 1] = wrapped ? -0x80000000 : roundedHi;
    w[d + 2] = (u[R + SIGN] << 15) | (exp + EMAX_F80 + (wrapped ? 1 : 0));
    return ext === 0 ? 0 : up !== 0 ? PE | C1 : PE;
  }
  const flags = round(x87Precision(cw), EMAX_F80, x87Rounding(cw), cw);
  storeF80(w, d);
  return flags;
}

function storeZero(w: Int32Array, d: number, sign: number): void {
  w[d] = 0;
  w[d + 1] = 0;
  w[d + 2] = sign << 15;
}

function storeInfinity(w: Int32Array, d: number, sign: number): void {
  w[d] = 0;
  w[d + 1] = 0x80000000;
  w[d + 2] = (sign << 15) | 0x7fff;
}

function sum(w: Int32Array, d: number, a: number, b: number, cw: number, negate: number): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  u[B + SIGN] ^= negate;
  const classes = classA | classB;
  if (classes === NORMAL) {
    if (add()) return finish(w, d, cw);
    storeZero(w, d, x87Rounding(cw) === RC_DOWN ? 1 : 0);
    return 0;
  }
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, a, b, classA, classB, cw);
  if (classA === INFINITE && classB === INFINITE && u[A + SIGN] !== u[B + SIGN]) return invalid(w, d, cw);
  const flags = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((flags & ~cw) !== 0) return flags;
  if ((classes & INFINITE) !== 0) {
    storeInfinity(w, d, u[(classA === INFINITE ? A : B) + SIGN]);
    return flags;
  }
  if (classes === ZERO) {
    storeZero(w, d, u[A + SIGN] === u[B + SIGN] ? u[A + SIGN] : x87Rounding(cw) === RC_DOWN ? 1 : 0);
    return flags;
  }
  if ((classes & ZERO) !== 0) copyToResult(classA === ZERO ? B : A);
  else if (!add()) {
    storeZero(w, d, x87Rounding(cw) === RC_DOWN ? 1 : 0);
    return flags;
  }
  return flags | finish(w, d, cw);
}

/** FADD: d = a + b. */
export function addF80(w: Int32Array, d: number, a: number, b: number, cw: number): number {
  return sum(w, d, a, b, cw, 0);
}

/** FSUB: d = a - b. */
export function subtractF80(w: Int32Array, d: number, a: number, b: number, cw: number): number {
  return sum(w, d, a, b, cw, 1);
}

/** FMUL: d = a * b. */
export function multiplyF80(w: Int32Array, d: number, a: number, b: number, cw: number): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  const classes = classA | classB;
  let flags = 0;
  if (classes !== NORMAL) {
    if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, a, b, classA, classB, cw);
    if (classes === (INFINITE | ZERO)) return invalid(w, d, cw);
    flags = (classes & DENORMAL) !== 0 ? DE : 0;
    if ((flags & ~cw) !== 0) return flags;
    const sign = u[A + SIGN] ^ u[B + SIGN];
    if ((classes & INFINITE) !== 0) {
      storeInfinity(w, d, sign);
      return flags;
    }
    if ((classes & ZERO) !== 0) {
      storeZero(w, d, sign);
      return flags;
    }
  }
  multiply();
  return flags | finish(w, d, cw);
}

/** FDIV: d = a / b. */
export function divideF80(w: Int32Array, d: number, a: number, b: number, cw: number): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  const classes = classA | classB;
  let flags = 0;
  if (classes !== NORMAL) {
    if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, a, b, classA, classB, cw);
    if (classes === INFINITE || classes === ZERO) return invalid(w, d, cw);
    // Division by zero comes first: a denormal dividend is then not reported.
    if (classB === ZERO && classA !== INFINITE) flags = ZE;
    else if ((classes & DENORMAL) !== 0) flags = DE;
    if ((flags & ~cw) !== 0) return flags;
    const sign = u[A + SIGN] ^ u[B + SIGN];
    if (classA === ZERO || classB === INFINITE) {
      storeZero(w, d, sign);
      return flags;
    }
    if (classA === INFINITE || classB === ZERO) {
      storeInfinity(w, d, sign);
      return flags;
    }
  }
  divide();
  return flags | finish(w, d, cw);
}

/** FSQRT: d = sqrt(a). */
export function squareRootF80(w: Int32Array, d: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  let flags = 0;
  if (classA !== NORMAL) {
    if ((classA & (NAN | UNSUPPORTED)) !== 0) return propagateOne(w, d, a, classA, cw);
    if (classA === ZERO) {
      copy(w, d, a);
      return 0;
    }
    if (classA === DENORMAL && u[A + SIGN] === 0) flags = DE;
  }
  if (u[A + SIGN] !== 0) return invalid(w, d, cw);
  if ((flags & ~cw) !== 0) return flags;
  if (classA === INFINITE) {
    copy(w, d, a);
    return 0;
  }
  squareRoot();
  return flags | finish(w, d, cw);
}
