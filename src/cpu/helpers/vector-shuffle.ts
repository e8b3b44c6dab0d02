import type { CpuContext } from '../context.ts';
import { W } from '../state.ts';

/** Results are made here, behind the words of a memory operand, because sources and destination may overlap. */
const T = W.scratch + 8;

/**
 * Instructions that move elements within and between vectors, named as the instructions are. `d` and `s` are
 * first state words of destination and source, `bytes` is 8 or 16, `order` an immediate.
 */
export function vectorShuffleHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const { bytes: u8, u16 } = cpu.state;
  const finish = (d: number, bytes: number): void => {
    for (let i = 0; i < bytes >> 2; i++) w[d + i] = w[T + i];
  };
  /** Elements at byte offset `from` of both, in turns. */
  const interleaveBytes = (d: number, s: number, from: number, bytes: number): void => {
    for (let i = 0; i < bytes; i += 2) {
      u8[4 * T + i] = u8[4 * d + from + (i >> 1)];
      u8[4 * T + i + 1] = u8[4 * s + from + (i >> 1)];
    }
    finish(d, bytes);
  };
  const interleaveWords = (d: number, s: number, from: number, bytes: number): void => {
    for (let i = 0; i < bytes >> 1; i += 2) {
      u16[2 * T + i] = u16[2 * d + (from >> 1) + (i >> 1)];
      u16[2 * T + i + 1] = u16[2 * s + (from >> 1) + (i >> 1)];
    }
    finish(d, bytes);
  };
  const interleaveDoublewords = (d: number, s: number, from: number, bytes: number): void => {
    for (let i = 0; i < bytes >> 2; i += 2) {
      w[T + i] = w[d + (from >> 2) + (i >> 1)];
      w[T + i + 1] = w[s + (from >> 2) + (i >> 1)];
    }
    finish(d, bytes);
  };

  return {
    punpcklbw(d: number, s: number, bytes: number): void {
      interleaveBytes(d, s, 0, bytes);
    },
    punpcklwd(d: number, s: number, bytes: number): void {
      interleaveWords(d, s, 0, bytes);
    },
    punpckldq(d: number, s: number, bytes: number): void {
      interleaveDoublewords(d, s, 0, bytes);
    },
    punpckhbw(d: number, s: number, bytes: number): void {
      interleaveBytes(d, s, bytes >> 1, bytes);
    },
    punpckhwd(d: number, s: number, bytes: number): void {
      interleaveWords(d, s, bytes >> 1, bytes);
    },
    punpckhdq(d: number, s: number, bytes: number): void {
      interleaveDoublewords(d, s, bytes >> 1, bytes);
    },

    pshufb(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) {
        const from = u8[4 * s + i];
        u8[4 * T + i] = from > 127 ? 0 : u8[4 * d + (from & (bytes - 1))];
      }
      finish(d, bytes);
    },
    pshufd(d: number, s: number, order: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = w[s + ((order >> (2 * i)) & 3)];
      finish(d, 16);
    },
    /** PSHUFW and PSHUFLW; the words above the low four are copied. */
    pshuflw(d: number, s: number, order: number, bytes: number): void {
      for (let i = 0; i < 4; i++) u16[2 * T + i] = u16[2 * s + ((order >> (2 * i)) & 3)];
      w[T + 2] = w[s + 2];
      w[T + 3] = w[s + 3];
      finish(d, bytes);
    },
    pshufhw(d: number, s: number, order: number): void {
      for (let i = 0; i < 4; i++) u16[2 * T + 4 + i] = u16[2 * s + 4 + ((order >> (2 * i)) & 3)];
      w[T] = w[s];
      w[T + 1] = w[s + 1];
      finish(d, 16);
    },
    shufps(d: number, s: number, order: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = w[(i < 2 ? d : s) + ((order >> (2 * i)) & 3)];
      finish(d, 16);
    },
    shufpd(d: number, s: number, order: number): void {
      const low = d + 2 * (order & 1);
      const high = s + (order & 2);
      w[T] = w[low];
      w[T + 1] = w[low + 1];
      w[T + 2] = w[high];
      w[T + 3] = w[high + 1];
      finish(d, 16);
    },
    palignr(d: number, s: number, shift: number, bytes: number): void {
      for (let i = 0; i < bytes; i++) {
        const at = i + shift;
        u8[4 * T + i] = at < bytes ? u8[4 * s + at] : at < 2 * bytes ? u8[4 * d + at - bytes] : 0;
      }
      finish(d, bytes);
    },
    insertps(d: number, s: number, order: number): void {
      w[d + ((order >> 4) & 3)] = w[s + (order >> 6)];
      for (let i = 0; i < 4; i++) if (((order >> i) & 1) !== 0) w[d + i] = 0;
    },

    /** Elements of two bytes whose bit in `choice` is set come from the source: also BLENDPS and BLENDPD. */
    pblendw(d: number, s: number, choice: number): void {
      for (let i = 0; i < 8; i++) if (((choice >> i) & 1) !== 0) u16[2 * d + i] = u16[2 * s + i];
    },
    blendps(d: number, s: number, choice: number): void {
      for (let i = 0; i < 4; i++) if (((choice >> i) & 1) !== 0) w[d + i] = w[s + i];
    },
    blendpd(d: number, s: number, choice: number): void {
      for (let i = 0; i < 4; i++) if (((choice >> (i >> 1)) & 1) !== 0) w[d + i] = w[s + i];
    },
    pblendvb(d: number, s: number): void {
      for (let i = 0; i < 16; i++) u8[4 * T + i] = u8[4 * (u8[4 * W.xmm + i] > 127 ? s : d) + i];
      finish(d, 16);
    },
    blendvps(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = w[(w[W.xmm + i] < 0 ? s : d) + i];
      finish(d, 16);
    },
    blendvpd(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = w[(w[W.xmm + (i | 1)] < 0 ? s : d) + i];
      finish(d, 16);
    },

    /** The sign bit of each element, lowest first. */
    pmovmskb(s: number, bytes: number): number {
      let mask = 0;
      for (let i = 0; i < bytes >> 2; i++) {
        mask |= (Math.imul((w[s + i] >>> 7) & 0x01010101, 0x01020408) >>> 24) << (4 * i);
      }
      return mask;
    },
    movmskps(s: number): number {
      return (w[s] >>> 31) | ((w[s + 1] >>> 31) << 1) | ((w[s + 2] >>> 31) << 2) | ((w[s + 3] >>> 31) << 3);
    },
    movmskpd(s: number): number {
      return (w[s + 1] >>> 31) | ((w[s + 3] >>> 31) << 1);
    },

    pextrb(s: number, at: number): number {
      return u8[4 * s + (at & 15)];
    },
    pextrw(s: number, at: number, bytes: number): number {
      return u16[2 * s + (at & ((bytes >> 1) - 1))];
    },
    pextrd(s: number, at: number): number {
      return w[s + (at & 3)];
    },
    pextrq(s: number, at: number): number {
      const from = s + 2 * (at & 1);
      w[W.hi] = w[from + 1];
      return w[from];
    },
    pinsrb(d: number, value: number, at: number): void {
      u8[4 * d + (at & 15)] = value;
    },
    pinsrw(d: number, value: number, at: number, bytes: number): void {
      u16[2 * d + (at & ((bytes >> 1) - 1))] = value;
    },
    pinsrd(d: number, value: number, at: number): void {
      w[d + (at & 3)] = value;
    },
    pinsrq(d: number, low: number, high: number, at: number): void {
      w[d + 2 * (at & 1)] = low;
      w[d + 2 * (at & 1) + 1] = high;
    },

    /** ZF (0x40) when d AND s is zero, CF when (NOT d) AND s is. */
    ptest(d: number, s: number): number {
      let both = 0;
      let only = 0;
      for (let i = 0; i < 4; i++) {
        both |= w[d + i] & w[s + i];
        only |= ~w[d + i] & w[s + i];
      }
      return (both === 0 ? 0x40 : 0) | (only === 0 ? 1 : 0);
    },
  };
}
