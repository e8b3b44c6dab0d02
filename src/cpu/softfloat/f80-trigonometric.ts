/**
 * FSIN, FCOS, FSINCOS, FPTAN. The argument is reduced with the 66-bit approximation of pi that x87 hardware uses
 * (SDM volume 1, 8.3.8), so results near multiples of pi agree with it and not with mathematics.
 */
import { bitLength, finishResult, setResult, significandOf, WORKING_BITS } from './fixed-point.ts';
import { copy, invalid, propagateOne } from './nan.ts';
import { C2, DE } from './status.ts';
import { A, DENORMAL, EXP, INFINITE, loadF80, NAN, SIGN, UNSUPPORTED, u, ZERO } from './unpacked.ts';

/** pi / 2 with 67 fraction bits. */
const HALF_PI = 0xc90fdaa22168c234cn;
const HALF_PI_BITS = 67;
/** Arguments of 2^63 and above are refused. */
const MAX_EXPONENT = 63;
/** Below 2^TINY a sine or tangent is its argument but for less than the last place. */
const TINY = -34;

/** The reduced argument: angle = quadrant * pi/2 + (negative ? -rest : rest), rest below pi/4. */
let quadrant = 0;
let negative = false;
let rest = 0n;
let bits = 0;

function reduce(): void {
  const exp = u[A + EXP];
  const significand = significandOf(A);
  quadrant = 0;
  negative = false;
  if (exp < -1) {
    rest = significand;
    bits = 63 - exp;
  } else {
    const scaled = significand << BigInt(exp + HALF_PI_BITS - 63);
    let turns = scaled / HALF_PI;
    rest = scaled - turns * HALF_PI;
    bits = HALF_PI_BITS;
    if (2n * rest > HALF_PI) {
      turns++;
      rest = HALF_PI - rest;
      negative = true;
    }
    quadrant = Number(turns & 3n);
  }
  const missing = WORKING_BITS - bitLength(rest);
  if (missing > 0) {
    rest <<= BigInt(missing);
    bits += missing;
  }
}

/** first - first*z/(n(n+1)) + ... with z = rest^2: the sine for first = rest, n = 2; the cosine for first = 1, n = 1. */
function alternatingSeries(first: bigint, start: number): bigint {
  const width = BigInt(bits);
  const square = (rest * rest) >> width;
  let term = first;
  let sum = first;
  for (let n = start; term !== 0n; n += 2) {
    term = -((term * square) >> width) / BigInt(n * (n + 1));
    sum += term;
  }
  return sum;
}

const sineOfRest = (): bigint => alternatingSeries(rest, 2);
const cosineOfRest = (): bigint => alternatingSeries(1n << BigInt(bits), 1);

function storeOne(w: Int32Array, d: number): void {
  w[d] = 0;
  w[d + 1] = 0x80000000;
  w[d + 2] = 0x3fff;
}

/** Handles what is no ordinary number; -1 when the argument is one. C2: out of range, nothing is written. */
function special(w: Int32Array, d: number, a: number, classA: number, cw: number): number {
  if ((classA & (NAN | UNSUPPORTED)) !== 0) return propagateOne(w, d, a, classA, cw);
  if (classA === INFINITE) return invalid(w, d, cw);
  if (classA === DENORMAL && (cw & DE) === 0) return DE;
  if (classA !== ZERO && u[A + EXP] >= MAX_EXPONENT) return C2;
  return -1;
}

/** Writes sin(angle), or cos with `quarter` = 1, of the reduced argument. */
function storeCircular(w: Int32Array, d: number, quarter: number, sign: number, cw: number): number {
  const at = (quadrant + quarter) & 3;
  const isSine = (at & 1) === 0;
  const flipped = (at >= 2 ? 1 : 0) ^ (isSine && negative ? 1 : 0);
  setResult(flipped ^ (quarter === 0 ? sign : 0), isSine ? sineOfRest() : cosineOfRest(), bits);
  return finishResult(w, d, cw);
}

/** FSIN: d = sin(a); FCOS with `quarter` 1. */
function circular(w: Int32Array, d: number, a: number, cw: number, quarter: 0 | 1): number {
  const classA = loadF80(w, a, A);
  const handled = special(w, d, a, classA, cw);
  if (handled >= 0) return handled;
  if (classA === ZERO) {
    if (quarter === 1) storeOne(w, d);
    else copy(w, d, a);
    return 0;
  }
  const denormal = classA === DENORMAL ? DE : 0;
  const sign = u[A + SIGN];
  if (u[A + EXP] < TINY) {
    if (quarter === 1) setResult(0, (1n << 128n) - 1n, 128);
    else setResult(sign, (significandOf(A) << 64n) - 1n, 127 - u[A + EXP]);
    return denormal | finishResult(w, d, cw);
  }
  reduce();
  return denormal | storeCircular(w, d, quarter, sign, cw);
}

/** FSIN: d = sin(a). Returns C2 with nothing written when |a| >= 2^63. */
export function sine(w: Int32Array, d: number, a: number, cw: number): number {
  return circular(w, d, a, cw, 0);
}

/** FCOS: d = cos(a). */
export function cosine(w: Int32Array, d: number, a: number, cw: number): number {
  return circular(w, d, a, cw, 1);
}

/** FSINCOS: sin(a) to sineAt, cos(a) to cosineAt, which may not be a. */
export function sineCosine(w: Int32Array, sineAt: number, cosineAt: number, a: number, cw: number): number {
  const flags = circular(w, cosineAt, a, cw, 1);
  if ((flags & C2) !== 0) return flags;
  return flags | circular(w, sineAt, a, cw, 0);
}

/** FPTAN: d = tan(a); the caller pushes 1. */
export function tangent(w: Int32Array, d: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  const handled = special(w, d, a, classA, cw);
  if (handled >= 0) return handled;
  if (classA === ZERO) {
    copy(w, d, a);
    return 0;
  }
  const denormal = classA === DENORMAL ? DE : 0;
  const sign = u[A + SIGN];
  if (u[A + EXP] < TINY) {
    setResult(sign, (significandOf(A) << 64n) + 1n, 127 - u[A + EXP]);
    return denormal | finishResult(w, d, cw);
  }
  reduce();
  const odd = (quadrant & 1) !== 0;
  const top = odd ? cosineOfRest() : sineOfRest();
  const bottom = odd ? sineOfRest() : cosineOfRest();
  setResult(sign ^ (odd !== negative ? 1 : 0), (top << BigInt(bits)) / bottom, bits);
  return denormal | finishResult(w, d, cw);
}
