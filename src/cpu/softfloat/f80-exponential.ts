/** F2XM1. */
import { CONSTANT_BITS, finishResult, LN2, setResult, significandOf, WORKING_BITS } from './fixed-point.ts';
import { copy, propagateOne } from './nan.ts';
import { DE, PE } from './status.ts';
import { A, DENORMAL, EXP, INFINITE, loadF80, NAN, SIGN, UNSUPPORTED, u, ZERO } from './unpacked.ts';

/** Below 2^-TINY the result is a * ln(2) but for less than the last place. */
const TINY = -70;
/** 1.0 and -1.0, the ends of the SDM's range, have this significand and exponent 0. */
const ONE = 1n << 63n;

/** y + y^2/2! + y^3/3! + ... with `bits` fraction bits. */
function series(y: bigint, bits: number): bigint {
  const width = BigInt(bits);
  let term = y;
  let sum = y;
  for (let n = 2n; term !== 0n && term !== -1n; n++) {
    term = ((term * y) >> width) / n;
    sum += term;
  }
  return sum;
}

/** F2XM1: d = 2^a - 1 for -1 <= a <= 1. Beyond, where the SDM leaves it undefined, a is kept, as AMD's processors do. */
export function exp2Minus1(w: Int32Array, d: number, a: number, cw: number): number {
  const classA = loadF80(w, a, A);
  if ((classA & (NAN | UNSUPPORTED)) !== 0) return propagateOne(w, d, a, classA, cw);
  const sign = u[A + SIGN];
  if ((classA & (ZERO | INFINITE)) !== 0) {
    copy(w, d, a);
    if (classA === INFINITE && sign !== 0) w[d + 2] = 0xbfff;
    return 0;
  }
  const denormal = classA === DENORMAL ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  const exp = u[A + EXP];
  const significand = significandOf(A);
  if (exp > 0 || (exp === 0 && significand !== ONE)) {
    copy(w, d, a);
    return PE;
  }
  const product = significand * LN2;
  if (exp < TINY) {
    setResult(sign, product, CONSTANT_BITS + 63 - exp);
    return denormal | finishResult(w, d, cw);
  }
  if (exp === 0) {
    setResult(sign, 1n, sign, true);
    return finishResult(w, d, cw);
  }
  const bits = WORKING_BITS + 8 - exp;
  const y = product >> BigInt(CONSTANT_BITS + 63 - exp - bits);
  const result = series(sign !== 0 ? -y : y, bits);
  setResult(sign, sign !== 0 ? -result : result, bits);
  return denormal | finishResult(w, d, cw);
}
