import type { CpuContext } from '../context.ts';

/**
 * Shifts of packed integers, named as the instructions are. `d` is the first state word of the destination, the
 * count is the 64-bit number at state word `s`; `bytes` is 8 or 16. Counts above the element's size clear it.
 */
export function vectorShiftHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const { bytes: u8, u16, i16 } = cpu.state;
  const count = (s: number): number => (w[s + 1] !== 0 || w[s] >>> 0 > 64 ? 64 : w[s]);

  return {
    psrlw(d: number, s: number, bytes: number): void {
      const n = Math.min(count(s), 16);
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] >>>= n;
    },
    psraw(d: number, s: number, bytes: number): void {
      const n = Math.min(count(s), 15);
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] >>= n;
    },
    psllw(d: number, s: number, bytes: number): void {
      const n = Math.min(count(s), 16);
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] <<= n;
    },
    psrld(d: number, s: number, bytes: number): void {
      const n = count(s);
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = n > 31 ? 0 : w[d + i] >>> n;
    },
    psrad(d: number, s: number, bytes: number): void {
      const n = Math.min(count(s), 31);
      for (let i = 0; i < bytes >> 2; i++) w[d + i] >>= n;
    },
    pslld(d: number, s: number, bytes: number): void {
      const n = count(s);
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = n > 31 ? 0 : w[d + i] << n;
    },
    psrlq(d: number, s: number, bytes: number): void {
      const n = count(s);
      for (let i = 0; i < bytes >> 2; i += 2) {
        const low = w[d + i];
        const high = w[d + i + 1];
        if (n === 0) continue;
        w[d + i] = n > 63 ? 0 : n > 31 ? high >>> (n - 32) : (low >>> n) | (high << (32 - n));
        w[d + i + 1] = n > 31 ? 0 : high >>> n;
      }
    },
    psllq(d: number, s: number, bytes: number): void {
      const n = count(s);
      for (let i = 0; i < bytes >> 2; i += 2) {
        const low = w[d + i];
        const high = w[d + i + 1];
        if (n === 0) continue;
        w[d + i + 1] = n > 63 ? 0 : n > 31 ? low << (n - 32) : (high << n) | (low >>> (32 - n));
        w[d + i] = n > 31 ? 0 : low << n;
      }
    },
    /** Byte shifts of the whole register. */
    psrldq(d: number, s: number): void {
      const n = Math.min(count(s), 16);
      u8.copyWithin(4 * d, 4 * d + n, 4 * d + 16);
      u8.fill(0, 4 * d + 16 - n, 4 * d + 16);
    },
    pslldq(d: number, s: number): void {
      const n = Math.min(count(s), 16);
      u8.copyWithin(4 * d + n, 4 * d, 4 * d + 16 - n);
      u8.fill(0, 4 * d, 4 * d + n);
    },
  };
}
