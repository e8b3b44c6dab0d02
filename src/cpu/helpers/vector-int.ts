import type { CpuContext } from '../context.ts';
import { saturateByte, saturateWord } from './saturate.ts';

/** High half of the unsigned product of two words; the low half is Math.imul. */
function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = (Math.imul(ah, bl) >>> 0) + (Math.imul(al, bl) >>> 16);
  const rest = (Math.imul(al, bh) >>> 0) + (middle % 65536);
  return (Math.imul(ah, bh) + Math.floor(middle / 65536) + Math.floor(rest / 65536)) | 0;
}

/**
 * Arithmetic of packed integers, named as the instructions are. `d` and `s` are first state words of the
 * destination (also the first source) and the second source, which may be the same; `bytes` is 8 or 16.
 */
export function vectorIntHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const { bytes: u8, u16, i8, i16 } = cpu.state;
  const sums = new Int32Array(8);

  return {
    paddb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const a = w[d + i];
        const b = w[s + i];
        w[d + i] = ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080);
      }
    },
    paddw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] += u16[2 * s + i];
    },
    paddd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] += w[s + i];
    },
    paddq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        const b = w[s + i];
        const low = (w[d + i] + b) | 0;
        w[d + i + 1] += w[s + i + 1] + (low >>> 0 < b >>> 0 ? 1 : 0);
        w[d + i] = low;
      }
    },
    psubb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const a = w[d + i];
        const b = w[s + i];
        w[d + i] = ((a | 0x80808080) - (b & 0x7f7f7f7f)) ^ ((a ^ ~b) & 0x80808080);
      }
    },
    psubw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] -= u16[2 * s + i];
    },
    psubd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] -= w[s + i];
    },
    psubq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        const a = w[d + i];
        const b = w[s + i];
        w[d + i + 1] -= w[s + i + 1] + (a >>> 0 < b >>> 0 ? 1 : 0);
        w[d + i] = a - b;
      }
    },

    paddsb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = saturateByte(i8[4 * d + i] + i8[4 * s + i]);
    },
    paddsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = saturateWord(i16[2 * d + i] + i16[2 * s + i]);
    },
    paddusb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) u8[4 * d + i] = Math.min(u8[4 * d + i] + u8[4 * s + i], 255);
    },
    paddusw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.min(u16[2 * d + i] + u16[2 * s + i], 65535);
    },
    psubsb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = saturateByte(i8[4 * d + i] - i8[4 * s + i]);
    },
    psubsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = saturateWord(i16[2 * d + i] - i16[2 * s + i]);
    },
    psubusb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) u8[4 * d + i] = Math.max(u8[4 * d + i] - u8[4 * s + i], 0);
    },
    psubusw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.max(u16[2 * d + i] - u16[2 * s + i], 0);
    },

    pmullw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.imul(u16[2 * d + i], u16[2 * s + i]);
    },
    pmulhw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = (i16[2 * d + i] * i16[2 * s + i]) >> 16;
    },
    pmulhuw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.imul(u16[2 * d + i], u16[2 * s + i]) >>> 16;
    },
    pmulhrsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) {
        i16[2 * d + i] = (((i16[2 * d + i] * i16[2 * s + i]) >> 14) + 1) >> 1;
      }
    },
    pmulld(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.imul(w[d + i], w[s + i]);
    },
    pmuludq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        const a = w[d + i];
        const b = w[s + i];
        w[d + i] = Math.imul(a, b);
        w[d + i + 1] = multiplyHigh(a, b);
      }
    },
    pmuldq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        const a = w[d + i];
        const b = w[s + i];
        w[d + i] = Math.imul(a, b);
        w[d + i + 1] = multiplyHigh(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0);
      }
    },
    pmaddwd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const a = 2 * (d + i);
        const b = 2 * (s + i);
        w[d + i] = i16[a] * i16[b] + i16[a + 1] * i16[b + 1];
      }
    },
    pmaddubsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i += 2) {
        const a = 4 * d + i;
        const b = 4 * s + i;
        i16[a >> 1] = saturateWord(u8[a] * i8[b] + u8[a + 1] * i8[b + 1]);
      }
    },

    pavgb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) u8[4 * d + i] = (u8[4 * d + i] + u8[4 * s + i] + 1) >> 1;
    },
    pavgw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = (u16[2 * d + i] + u16[2 * s + i] + 1) >> 1;
    },
    psadbw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i += 8) {
        let sum = 0;
        for (let j = i; j < i + 8; j++) sum += Math.abs(u8[4 * d + j] - u8[4 * s + j]);
        w[d + (i >> 2)] = sum;
        w[d + (i >> 2) + 1] = 0;
      }
    },
    mpsadbw(d: number, s: number, select: number): void {
      const block = 4 * s + 4 * (select & 3);
      const from = 4 * d + (select & 4);
      for (let i = 0; i < 8; i++) {
        sums[i] = 0;
        for (let j = 0; j < 4; j++) sums[i] += Math.abs(u8[from + i + j] - u8[block + j]);
      }
      for (let i = 0; i < 8; i++) u16[2 * d + i] = sums[i];
    },
    phminposuw(d: number, s: number): void {
      let at = 0;
      for (let i = 1; i < 8; i++) if (u16[2 * s + i] < u16[2 * s + at]) at = i;
      w[d] = u16[2 * s + at] | (at << 16);
      w[d + 1] = w[d + 2] = w[d + 3] = 0;
    },

    pminub(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) u8[4 * d + i] = Math.min(u8[4 * d + i], u8[4 * s + i]);
    },
    pmaxub(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) u8[4 * d + i] = Math.max(u8[4 * d + i], u8[4 * s + i]);
    },
    pminsb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = Math.min(i8[4 * d + i], i8[4 * s + i]);
    },
    pmaxsb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = Math.max(i8[4 * d + i], i8[4 * s + i]);
    },
    pminsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = Math.min(i16[2 * d + i], i16[2 * s + i]);
    },
    pmaxsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = Math.max(i16[2 * d + i], i16[2 * s + i]);
    },
    pminuw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.min(u16[2 * d + i], u16[2 * s + i]);
    },
    pmaxuw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = Math.max(u16[2 * d + i], u16[2 * s + i]);
    },
    pminsd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.min(w[d + i], w[s + i]);
    },
    pmaxsd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.max(w[d + i], w[s + i]);
    },
    pminud(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.min(w[d + i] >>> 0, w[s + i] >>> 0);
    },
    pmaxud(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.max(w[d + i] >>> 0, w[s + i] >>> 0);
    },

    pcmpeqb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const x = w[d + i] ^ w[s + i];
        const equal = ~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x) & 0x80808080;
        w[d + i] = Math.imul(equal >>> 7, 255);
      }
    },
    pcmpeqw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) u16[2 * d + i] = u16[2 * d + i] === u16[2 * s + i] ? -1 : 0;
    },
    pcmpeqd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = w[d + i] === w[s + i] ? -1 : 0;
    },
    pcmpeqq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        w[d + i] = w[d + i + 1] = w[d + i] === w[s + i] && w[d + i + 1] === w[s + i + 1] ? -1 : 0;
      }
    },
    pcmpgtb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = i8[4 * d + i] > i8[4 * s + i] ? -1 : 0;
    },
    pcmpgtw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = i16[2 * d + i] > i16[2 * s + i] ? -1 : 0;
    },
    pcmpgtd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = w[d + i] > w[s + i] ? -1 : 0;
    },
    pcmpgtq(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i += 2) {
        const high = w[d + i + 1];
        const other = w[s + i + 1];
        const greater = high === other ? w[d + i] >>> 0 > w[s + i] >>> 0 : high > other;
        w[d + i] = w[d + i + 1] = greater ? -1 : 0;
      }
    },

    pabsb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] = Math.abs(i8[4 * s + i]);
    },
    pabsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] = Math.abs(i16[2 * s + i]);
    },
    pabsd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] = Math.abs(w[s + i]);
    },
    psignb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) i8[4 * d + i] *= Math.sign(i8[4 * s + i]);
    },
    psignw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) i16[2 * d + i] *= Math.sign(i16[2 * s + i]);
    },
    psignd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) w[d + i] *= Math.sign(w[s + i]);
    },
  };
}
