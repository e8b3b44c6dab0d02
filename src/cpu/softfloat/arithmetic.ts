import { A, B, EXP, EXT, HI, LO, normalise, R, SIGN, shiftRightJam, u } from './unpacked.ts';

/** High 32 bits of the unsigned product of two words. */
export function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = (Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)) | 0;
  const other = (Math.imul(al, bh) + (middle & 0xffff)) | 0;
  return (Math.imul(ah, bh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** 1 when the 32-bit sum of `addend` and something wrapped. */
function carry(sum: number, addend: number): number {
  return sum >>> 0 < addend >>> 0 ? 1 : 0;
}

function subtractMagnitudes(x: number, y: number): boolean {
  const ext = u[y + EXT];
  const yLo = u[y + LO];
  const xLo = u[x + LO];
  const borrowLo = ext === 0 ? 0 : 1;
  const lo = (xLo - yLo - borrowLo) | 0;
  const borrowHi = borrowLo !== 0 ? (xLo >>> 0 <= yLo >>> 0 ? 1 : 0) : carry(xLo, yLo);
  u[R + EXT] = -ext | 0;
  u[R + LO] = lo;
  u[R + HI] = (u[x + HI] - u[y + HI] - borrowHi) | 0;
  if ((u[R + HI] | lo | ext) === 0) return false;
  if (u[R + HI] >= 0) normalise(R);
  return true;
}

/** R = A + B, both finite and not zero; false when the result is exactly zero (its sign is the caller's matter). */
export function add(): boolean {
  let x = A;
  let y = B;
  let distance = u[A + EXP] - u[B + EXP];
  const opposite = u[A + SIGN] !== u[B + SIGN];
  if (distance < 0) {
    x = B;
    y = A;
    distance = -distance;
  } else if (distance === 0 && opposite) {
    const hi = u[A + HI] >>> 0;
    const otherHi = u[B + HI] >>> 0;
    if (hi < otherHi || (hi === otherHi && u[A + LO] >>> 0 < u[B + LO] >>> 0)) {
      x = B;
      y = A;
    }
  }
  if (distance !== 0) shiftRightJam(y, distance);
  u[R + SIGN] = u[x + SIGN];
  u[R + EXP] = u[x + EXP];
  if (opposite) return subtractMagnitudes(x, y);
  const lo = (u[x + LO] + u[y + LO]) | 0;
  const fromLo = carry(lo, u[x + LO]);
  const xHi = u[x + HI];
  const yHi = u[y + HI];
  const hi = (xHi + yHi + fromLo) | 0;
  const out = fromLo !== 0 ? hi >>> 0 <= xHi >>> 0 : hi >>> 0 < xHi >>> 0;
  const ext = u[y + EXT];
  if (out) {
    u[R + EXT] = (lo << 31) | (ext >>> 1) | (ext & 1);
    u[R + LO] = (hi << 31) | (lo >>> 1);
    u[R + HI] = 0x80000000 | (hi >>> 1);
    u[R + EXP]++;
  } else {
    u[R + EXT] = ext;
    u[R + LO] = lo;
    u[R + HI] = hi;
  }
  return true;
}

/** R = A * B, both finite and not zero. */
export function multiply(): void {
  const ah = u[A + HI];
  const al = u[A + LO];
  const bh = u[B + HI];
  const bl = u[B + LO];
  const low = Math.imul(al, bl);
  const cross = Math.imul(al, bh);
  const otherCross = Math.imul(ah, bl);
  const sum = (multiplyHigh(al, bl) + cross) | 0;
  const word1 = (sum + otherCross) | 0;
  let word2 = Math.imul(ah, bh);
  let word3 = multiplyHigh(ah, bh);
  const addend1 = multiplyHigh(al, bh);
  const addend2 = multiplyHigh(ah, bl);
  word2 = (word2 + addend1) | 0;
  word3 += carry(word2, addend1);
  word2 = (word2 + addend2) | 0;
  word3 += carry(word2, addend2);
  const carries = carry(sum, cross) + carry(word1, otherCross);
  word2 = (word2 + carries) | 0;
  word3 = (word3 + carry(word2, carries)) | 0;
  const ext = low === 0 ? word1 : word1 | 1;
  u[R + SIGN] = u[A + SIGN] ^ u[B + SIGN];
  if (word3 < 0) {
    u[R + EXP] = u[A + EXP] + u[B + EXP] + 1;
    u[R + HI] = word3;
    u[R + LO] = word2;
    u[R + EXT] = ext;
  } else {
    u[R + EXP] = u[A + EXP] + u[B + EXP];
    u[R + HI] = (word3 << 1) | (word2 >>> 31);
    u[R + LO] = (word2 << 1) | (ext >>> 31);
    u[R + EXT] = (ext << 1) | (low === 0 ? 0 : 1);
  }
}

const TWO_32 = 4294967296;
/** The running remainder of a division: high and low word. */
const remainder = new Int32Array(2);

/** remainder = remainder * 2^32 mod B; returns the 32-bit quotient digit. The remainder is below B. */
function divideStep(): number {
  const bh = u[B + HI];
  const bl = u[B + LO];
  const rh = remainder[0];
  const rl = remainder[1];
  const estimate = (((rh >>> 0) * TWO_32 + (rl >>> 0)) / ((bh >>> 0) * TWO_32 + (bl >>> 0))) * TWO_32;
  let q = estimate >= TWO_32 ? -1 : estimate | 0;
  const p0 = Math.imul(q, bl);
  const middle = Math.imul(q, bh);
  const p1 = (multiplyHigh(q, bl) + middle) | 0;
  const p2 = (multiplyHigh(q, bh) + carry(p1, middle)) | 0;
  let lo = -p0 | 0;
  const borrow0 = p0 === 0 ? 0 : 1;
  let hi = (rl - p1 - borrow0) | 0;
  const borrow1 = borrow0 !== 0 ? (rl >>> 0 <= p1 >>> 0 ? 1 : 0) : carry(rl, p1);
  let top = (rh - p2 - borrow1) | 0;
  while (top < 0) {
    q = (q - 1) | 0;
    lo = (lo + bl) | 0;
    const c = carry(lo, bl);
    const previous = hi;
    hi = (hi + bh + c) | 0;
    top += c !== 0 ? (hi >>> 0 <= previous >>> 0 ? 1 : 0) : carry(hi, previous);
  }
  while (top !== 0 || hi >>> 0 > bh >>> 0 || (hi === bh && lo >>> 0 >= bl >>> 0)) {
    q = (q + 1) | 0;
    const c = carry(lo, bl);
    lo = (lo - bl) | 0;
    const previous = hi;
    hi = (hi - bh - c) | 0;
    top -= c !== 0 ? (previous >>> 0 <= bh >>> 0 ? 1 : 0) : carry(previous, bh);
  }
  remainder[0] = hi;
  remainder[1] = lo;
  return q;
}

/** R = A / B, both finite and not zero. */
export function divide(): void {
  const ah = u[A + HI];
  const al = u[A + LO];
  const bh = u[B + HI];
  const bl = u[B + LO];
  const whole = ah >>> 0 > bh >>> 0 || (ah === bh && al >>> 0 >= bl >>> 0);
  remainder[0] = whole ? (ah - bh - carry(al, bl)) | 0 : ah;
  remainder[1] = whole ? (al - bl) | 0 : al;
  const hi = divideStep();
  const lo = divideStep();
  let ext = divideStep();
  if ((remainder[0] | remainder[1]) !== 0) ext |= 1;
  u[R + SIGN] = u[A + SIGN] ^ u[B + SIGN];
  u[R + EXP] = u[A + EXP] - u[B + EXP] - (whole ? 0 : 1);
  if (whole) {
    u[R + HI] = 0x80000000 | (hi >>> 1);
    u[R + LO] = (hi << 31) | (lo >>> 1);
    u[R + EXT] = (lo << 31) | (ext >>> 1) | (ext & 1);
  } else {
    u[R + HI] = hi;
    u[R + LO] = lo;
    u[R + EXT] = ext;
  }
}

/** The low 96 bits of a square, low word first. */
const square = new Int32Array(3);

function squareLow96(hi: number, lo: number): void {
  const cross = Math.imul(hi, lo);
  const crossHigh = multiplyHigh(hi, lo);
  const doubled = cross << 1;
  const word1 = (multiplyHigh(lo, lo) + doubled) | 0;
  square[0] = Math.imul(lo, lo);
  square[1] = word1;
  square[2] = (Math.imul(hi, hi) + ((crossHigh << 1) | (cross >>> 31)) + carry(word1, doubled)) | 0;
}

/** N - root * root as a signed 96-bit number, low word first; N's low words are in `radicand`. */
const residual = new Int32Array(3);
const radicand = new Int32Array(2);

/** The largest binary64 below 2^64. */
const LARGEST_ESTIMATE = 2 ** 64 - 2 ** 11;

function computeResidual(hi: number, lo: number): void {
  squareLow96(hi, lo);
  const n1 = radicand[0];
  const borrow0 = square[0] === 0 ? 0 : 1;
  const borrow1 = borrow0 !== 0 ? (n1 >>> 0 <= square[1] >>> 0 ? 1 : 0) : carry(n1, square[1]);
  residual[0] = -square[0] | 0;
  residual[1] = (n1 - square[1] - borrow0) | 0;
  residual[2] = (radicand[1] - square[2] - borrow1) | 0;
}

/** Compares the non-negative residual with a 96-bit number. */
function residualExceeds(top: number, hi: number, lo: number): boolean {
  if (residual[2] !== top) return residual[2] > top;
  if (residual[1] !== hi) return residual[1] >>> 0 > hi >>> 0;
  return residual[0] >>> 0 > lo >>> 0;
}

/** R = sqrt(A), A positive, finite, not zero. A 53-bit estimate, one exact correction, at most a step or two more. */
export function squareRoot(): void {
  const exp = u[A + EXP];
  const odd = exp & 1;
  const ah = u[A + HI];
  const al = u[A + LO];
  // N = significand * 2^64 (odd exponent) or * 2^63, so that the root has exactly 64 bits.
  radicand[1] = odd !== 0 ? al : (al >>> 1) | (ah << 31);
  radicand[0] = odd !== 0 ? 0 : al << 31;
  const significand = (ah >>> 0) * TWO_32 + (al >>> 0);
  const root = Math.min(Math.sqrt(significand * (odd !== 0 ? 1 : 0.5)) * TWO_32, LARGEST_ESTIMATE);
  let hi = Math.floor(root / TWO_32) | 0;
  const estimateLo = root - (hi >>> 0) * TWO_32;
  computeResidual(hi, estimateLo | 0);
  const rest = (residual[2] * TWO_32 + (residual[1] >>> 0)) * TWO_32 + (residual[0] >>> 0);
  const corrected = estimateLo + Math.floor(rest / (2 * root));
  let lo = corrected | 0;
  if (corrected >= TWO_32) {
    if (hi === -1) lo = -1;
    else hi = (hi + 1) | 0;
  } else if (corrected < 0) hi = (hi - 1) | 0;
  computeResidual(hi, lo);
  while (residual[2] < 0) {
    if (lo === 0) hi = (hi - 1) | 0;
    lo = (lo - 1) | 0;
    computeResidual(hi, lo);
  }
  while (residualExceeds(1, (hi << 1) | (lo >>> 31), lo << 1)) {
    lo = (lo + 1) | 0;
    if (lo === 0) hi = (hi + 1) | 0;
    computeResidual(hi, lo);
  }
  // The fraction is above a half exactly when the residual exceeds the root; it never is a half.
  const exact = (residual[0] | residual[1] | residual[2]) === 0;
  u[R + EXT] = exact ? 0 : residualExceeds(0, hi, lo) ? -0x40000000 : 0x40000000;
  u[R + SIGN] = 0;
  u[R + EXP] = exp >> 1;
  u[R + HI] = hi;
  u[R + LO] = lo;
}
