// 32-bit integer arithmetic throughout: V8 keeps it in registers, while doubles would be converted.

/** High half of the unsigned product of two 32-bit numbers. */
function mulhu32(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = (Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)) | 0;
  const rest = (Math.imul(al, bh) + (middle & 0xffff)) | 0;
  return (Math.imul(ah, bh) + (middle >>> 16) + (rest >>> 16)) | 0;
}

const carry = (sum: number, part: number): number => (sum >>> 0 < part >>> 0 ? 1 : 0);

/** 1 when the signed product of two 32-bit numbers does not fit into 32 bits. */
export const imulOverflow32 = (a: number, b: number): number => (a * b !== Math.imul(a, b) ? 1 : 0);

/** 1 when the signed product of two 64-bit numbers, given as halves, does not fit into 64 bits. */
export function imulOverflow64(al: number, ah: number, bl: number, bh: number): number {
  const top = mulhu32(al, bl);
  const middle1 = (top + Math.imul(al, bh)) | 0;
  const middle2 = (middle1 + Math.imul(ah, bl)) | 0;
  const into = carry(middle1, top) + carry(middle2, middle1);
  const first = mulhu32(al, bh);
  const low1 = (first + mulhu32(ah, bl)) | 0;
  const low2 = (low1 + Math.imul(ah, bh)) | 0;
  const low3 = (low2 + into) | 0;
  let low = low3;
  let high = (mulhu32(ah, bh) + carry(low1, first) + carry(low2, low1) + carry(low3, low2)) | 0;
  if (ah < 0) {
    high = (high - bh - carry(low, bl)) | 0;
    low = (low - bl) | 0;
  }
  if (bh < 0) {
    high = (high - ah - carry(low, al)) | 0;
    low = (low - al) | 0;
  }
  const sign = middle2 >> 31;
  return low === sign && high === sign ? 0 : 1;
}

/**
 * Run-time functions that the `js` column names. Those with a 64-bit result return the low half and leave
 * the high half in the state word at `hi`.
 */
export function createLibrary(w: Int32Array, hi: number) {
  const mulhu64 = (al: number, ah: number, bl: number, bh: number): number => {
    const top = mulhu32(al, bl);
    const middle1 = (top + Math.imul(al, bh)) | 0;
    const middle2 = (middle1 + Math.imul(ah, bl)) | 0;
    const into = carry(middle1, top) + carry(middle2, middle1);
    const first = mulhu32(al, bh);
    const low1 = (first + mulhu32(ah, bl)) | 0;
    const low2 = (low1 + Math.imul(ah, bh)) | 0;
    const low3 = (low2 + into) | 0;
    w[hi] = mulhu32(ah, bh) + carry(low1, first) + carry(low2, low1) + carry(low3, low2);
    return low3;
  };
  return {
    mulhu32,
    imulOverflow32,
    imulOverflow64,
    mulhu64,
    mulhs64(al: number, ah: number, bl: number, bh: number): number {
      let low = mulhu64(al, ah, bl, bh);
      let high = w[hi]!;
      if (ah < 0) {
        high = (high - bh - carry(low, bl)) | 0;
        low = (low - bl) | 0;
      }
      if (bh < 0) {
        high = (high - ah - carry(low, al)) | 0;
        low = (low - al) | 0;
      }
      w[hi] = high;
      return low;
    },
    mulhs32(a: number, b: number): number {
      return (mulhu32(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
    },
    mul64(al: number, ah: number, bl: number, bh: number): number {
      w[hi] = (mulhu32(al, bl) + Math.imul(al, bh) + Math.imul(ah, bl)) | 0;
      return Math.imul(al, bl);
    },
    shl64(l: number, h: number, count: number): number {
      const n = count & 63;
      if (n === 0) {
        w[hi] = h;
        return l;
      }
      if (n >= 32) {
        w[hi] = l << (n - 32);
        return 0;
      }
      w[hi] = (h << n) | (l >>> (32 - n));
      return l << n;
    },
    shr64(l: number, h: number, count: number): number {
      const n = count & 63;
      if (n === 0) {
        w[hi] = h;
        return l;
      }
      if (n >= 32) {
        w[hi] = 0;
        return (h >>> (n - 32)) | 0;
      }
      w[hi] = (h >>> n) | 0;
      return (l >>> n) | (h << (32 - n));
    },
    sar64(l: number, h: number, count: number): number {
      const n = count & 63;
      if (n === 0) {
        w[hi] = h;
        return l;
      }
      if (n >= 32) {
        w[hi] = h >> 31;
        return h >> (n - 32);
      }
      w[hi] = h >> n;
      return (l >>> n) | (h << (32 - n));
    },
    popcnt32(a: number): number {
      let x = a - ((a >>> 1) & 0x55555555);
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    },
  };
}

export const LIBRARY_NAMES = [
  'mulhu32',
  'mulhs32',
  'mul64',
  'mulhu64',
  'mulhs64',
  'shl64',
  'shr64',
  'sar64',
  'popcnt32',
] as const;
