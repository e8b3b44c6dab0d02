/** FYL2X and FYL2XP1. */
import {
  bitLength,
  CONSTANT_BITS,
  finishResult,
  LOG2E,
  setResult,
  significandOf,
  WORKING_BITS,
} from './fixed-point.ts';
import { copy, invalid, propagate } from './nan.ts';
import { DE, PE, ZE } from './status.ts';
import { A, B, DENORMAL, EXP, INFINITE, loadF80, NAN, SIGN, UNSUPPORTED, u, ZERO } from './unpacked.ts';

/** sqrt(2) * 2^63. */
const ROOT_2 = 0xb504f333f9de6484n;
/** Below 2^-TINY log2(1 + x) is x * log2(e) but for less than the last place. */
const TINY = -70;

/** log2 of the last number, with `logBits` fraction bits; `logExact` when nothing was dropped. */
let log = 0n;
let logBits = 0;
let logExact = false;

/** log = log2(number * 2^-pointBits), number positive, by the series of the inverse hyperbolic tangent. */
function takeLog2(number: bigint, pointBits: number): void {
  let length = bitLength(number);
  const lead = length >= 64 ? number >> BigInt(length - 64) : number << BigInt(64 - length);
  if (lead < ROOT_2) length--;
  const exponent = length - pointBits;
  const unit = 1n << BigInt(length);
  const above = number - unit;
  if (above === 0n) {
    log = BigInt(exponent);
    logBits = 0;
    logExact = true;
    return;
  }
  const magnitude = bitLength(above < 0n ? -above : above);
  logBits = WORKING_BITS + 8 + length - magnitude;
  const width = BigInt(logBits);
  const z = (above << width) / (number + unit);
  const square = (z * z) >> width;
  let power = z;
  let sum = z;
  for (let n = 3; power !== 0n && power !== -1n; n += 2) {
    power = (power * square) >> width;
    sum += power / BigInt(n);
  }
  log = (BigInt(exponent) << width) + ((2n * sum * LOG2E) >> BigInt(CONSTANT_BITS));
  logExact = false;
}

/** d = y * log, y being in A. */
function storeProduct(w: Int32Array, d: number, cw: number): number {
  if (log === 0n) {
    w[d] = 0;
    w[d + 1] = 0;
    w[d + 2] = u[A + SIGN] << 15;
    return 0;
  }
  const negative = log < 0n;
  const magnitude = negative ? -log : log;
  setResult(u[A + SIGN] ^ (negative ? 1 : 0), magnitude * significandOf(A), logBits + 63 - u[A + EXP], logExact);
  return finishResult(w, d, cw);
}

function storeInfinity(w: Int32Array, d: number, sign: number): void {
  w[d] = 0;
  w[d + 1] = 0x80000000;
  w[d + 2] = (sign << 15) | 0x7fff;
}

function storeZero(w: Int32Array, d: number, sign: number): void {
  w[d] = 0;
  w[d + 1] = 0;
  w[d + 2] = sign << 15;
}

/** FYL2X: d = y * log2(x). */
export function yLog2X(w: Int32Array, d: number, y: number, x: number, cw: number): number {
  const classY = loadF80(w, y, A);
  const classX = loadF80(w, x, B);
  const classes = classY | classX;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, y, x, classY, classX, cw);
  const sign = u[A + SIGN];
  if (classX === ZERO) {
    if (classY === ZERO) return invalid(w, d, cw);
    if (classY !== INFINITE && (cw & ZE) === 0) return ZE;
    storeInfinity(w, d, sign ^ 1);
    return classY === INFINITE ? 0 : ZE;
  }
  if (u[B + SIGN] !== 0) return invalid(w, d, cw);
  if (classX === INFINITE && classY === ZERO) return invalid(w, d, cw);
  const isOne = classX !== INFINITE && u[B + EXP] === 0 && significandOf(B) === 1n << 63n;
  if (classY === INFINITE && isOne) return invalid(w, d, cw);
  const denormal = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  const below = classX !== INFINITE && u[B + EXP] < 0 ? 1 : 0;
  if (((classX | classY) & INFINITE) !== 0) {
    storeInfinity(w, d, sign ^ below);
    return denormal;
  }
  if (classY === ZERO) {
    storeZero(w, d, sign ^ below);
    return denormal;
  }
  takeLog2(significandOf(B), 63 - u[B + EXP]);
  return denormal | storeProduct(w, d, cw);
}

/** log = log2(1 + B), B above -1. */
function takeLog2OfSuccessor(): void {
  const exp = u[B + EXP];
  const significand = significandOf(B);
  if (exp > 2 * WORKING_BITS) takeLog2(significand, 63 - exp);
  else if (exp < TINY) {
    log = u[B + SIGN] !== 0 ? -significand * LOG2E : significand * LOG2E;
    logBits = CONSTANT_BITS + 63 - exp;
    logExact = false;
  } else if (exp > 63) takeLog2((significand << BigInt(exp - 63)) + 1n, 0);
  else {
    const one = 1n << BigInt(63 - exp);
    takeLog2(u[B + SIGN] !== 0 ? one - significand : one + significand, 63 - exp);
  }
}

/**
 * FYL2XP1: d = y * log2(x + 1). The SDM defines it for |x| < 1 - sqrt(1/2); beyond, this goes on with the formula, and
 * gives x itself at and below -1, as processors do.
 */
export function yLog2XPlus1(w: Int32Array, d: number, y: number, x: number, cw: number): number {
  const classY = loadF80(w, y, A);
  const classX = loadF80(w, x, B);
  const classes = classY | classX;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, y, x, classY, classX, cw);
  const sign = u[A + SIGN] ^ u[B + SIGN];
  if (classX === INFINITE && (classY === ZERO || u[B + SIGN] !== 0)) return invalid(w, d, cw);
  if (classX === ZERO && classY === INFINITE) return invalid(w, d, cw);
  const denormal = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  if ((classes & INFINITE) !== 0) {
    storeInfinity(w, d, sign);
    return denormal;
  }
  if ((classes & ZERO) !== 0) {
    storeZero(w, d, sign);
    return denormal;
  }
  if (u[B + SIGN] !== 0 && u[B + EXP] >= 0) {
    copy(w, d, x);
    return denormal | PE;
  }
  takeLog2OfSuccessor();
  return denormal | storeProduct(w, d, cw);
}
