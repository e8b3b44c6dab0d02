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
  return {
    mulhu32,
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
export const LIBRARY_NAMES = ['mulhu32', 'mulhs32', 'mul64', 'shl64', 'shr64', 'sar64', 'popcnt32'] as const;
