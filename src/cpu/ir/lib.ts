/**
 * Run-time functions that the `js` column names. Those with a 64-bit result return the low half and leave
 * the high half in the state word at `hi`.
 */
export function createLibrary(w: Int32Array, hi: number) {
  const mulhu32 = (a: number, b: number): number => {
    const al = a & 0xffff;
    const ah = a >>> 16;
    const bl = b & 0xffff;
    const bh = b >>> 16;
    const middle = ah * bl + ((al * bl) >>> 16);
    const rest = al * bh + (middle & 0xffff);
    return (ah * bh + ((middle / 65536) | 0) + ((rest / 65536) | 0)) | 0;
  };
  const mulhu64 = (al: number, ah: number, bl: number, bh: number): number => {
    const middle = (mulhu32(al, bl) >>> 0) + (Math.imul(al, bh) >>> 0) + (Math.imul(ah, bl) >>> 0);
    const upper = (mulhu32(al, bh) >>> 0) + (mulhu32(ah, bl) >>> 0) + (Math.imul(ah, bh) >>> 0);
    const low = upper + Math.floor(middle / 4294967296);
    w[hi] = mulhu32(ah, bh) + Math.floor(low / 4294967296);
    return low | 0;
  };
  return {
    mulhu32,
    mulhu64,
    mulhs64(al: number, ah: number, bl: number, bh: number): number {
      let low = mulhu64(al, ah, bl, bh) >>> 0;
      let high = w[hi]!;
      if (ah < 0) {
        high = (high - bh - (low < bl >>> 0 ? 1 : 0)) | 0;
        low = (low - bl) >>> 0;
      }
      if (bh < 0) {
        high = (high - ah - (low < al >>> 0 ? 1 : 0)) | 0;
        low = (low - al) >>> 0;
      }
      w[hi] = high;
      return low | 0;
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

export type Library = ReturnType<typeof createLibrary>;
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
