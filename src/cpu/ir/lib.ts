/** High half of the unsigned product of two 32-bit numbers, as an int32: see `highProduct` of ops.ts. */
export const mulhu32 = (a: number, b: number): number =>
  ((a >>> 0) * 2 ** -32 * (b >>> 0) - (Math.imul(a, b) >>> 0) * 2 ** -32 + 0.5) | 0;

/** Carry out of a sum of 32 bits, one part of which is given. */
export const carryOut = (sum: number, part: number): number => (sum >>> 0 < part >>> 0 ? 1 : 0);

/** 1 when the signed product of two 32-bit numbers does not fit into 32 bits. */
export const imulOverflow32 = (a: number, b: number): number => (a * b !== Math.imul(a, b) ? 1 : 0);

/** 1 when the signed product of two 64-bit numbers, given as halves, does not fit into 64 bits. */
export function imulOverflow64(al: number, ah: number, bl: number, bh: number): number {
  const top = mulhu32(al, bl);
  const middle1 = (top + Math.imul(al, bh)) | 0;
  const middle2 = (middle1 + Math.imul(ah, bl)) | 0;
  const into = carryOut(middle1, top) + carryOut(middle2, middle1);
  const first = mulhu32(al, bh);
  const low1 = (first + mulhu32(ah, bl)) | 0;
  const low2 = (low1 + Math.imul(ah, bh)) | 0;
  const low3 = (low2 + into) | 0;
  let low = low3;
  let high = (mulhu32(ah, bh) + carryOut(low1, first) + carryOut(low2, low1) + carryOut(low3, low2)) | 0;
  if (ah < 0) {
    high = (high - bh - carryOut(low, bl)) | 0;
    low = (low - bl) | 0;
  }
  if (bh < 0) {
    high = (high - ah - carryOut(low, al)) | 0;
    low = (low - al) | 0;
  }
  const sign = middle2 >> 31;
  return low === sign && high === sign ? 0 : 1;
}

/** Run-time functions that the `js` column names. */
export const LIBRARY = {
  popcnt32(a: number): number {
    let x = a - ((a >>> 1) & 0x55555555);
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  },
};
