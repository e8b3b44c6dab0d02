import type { CpuContext } from '../context.ts';
import { W } from '../state.ts';
import { saturateByte, saturateUnsignedByte, saturateUnsignedWord, saturateWord } from './saturate.ts';

/** Results are made here, behind the words of a memory operand, because sources and destination may overlap. */
const T = W.scratch + 8;

/**
 * Packed integers narrowed, widened and added to their neighbours, named as the instructions are. `d` and `s` are
 * first state words of destination and source, `bytes` is 8 or 16.
 */
export function vectorPackHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const { bytes: u8, u16, i8, i16 } = cpu.state;
  const finish = (d: number, bytes: number): void => {
    for (let i = 0; i < bytes >> 2; i++) w[d + i] = w[T + i];
  };

  return {
    packsswb(d: number, s: number, bytes: number): void {
      const half = bytes >> 1;
      for (let i = 0; i < half; i++) {
        i8[4 * T + i] = saturateByte(i16[2 * d + i]);
        i8[4 * T + half + i] = saturateByte(i16[2 * s + i]);
      }
      finish(d, bytes);
    },
    packuswb(d: number, s: number, bytes: number): void {
      const half = bytes >> 1;
      for (let i = 0; i < half; i++) {
        u8[4 * T + i] = saturateUnsignedByte(i16[2 * d + i]);
        u8[4 * T + half + i] = saturateUnsignedByte(i16[2 * s + i]);
      }
      finish(d, bytes);
    },
    packssdw(d: number, s: number, bytes: number): void {
      const half = bytes >> 2;
      for (let i = 0; i < half; i++) {
        i16[2 * T + i] = saturateWord(w[d + i]);
        i16[2 * T + half + i] = saturateWord(w[s + i]);
      }
      finish(d, bytes);
    },
    packusdw(d: number, s: number, bytes: number): void {
      const half = bytes >> 2;
      for (let i = 0; i < half; i++) {
        u16[2 * T + i] = saturateUnsignedWord(w[d + i]);
        u16[2 * T + half + i] = saturateUnsignedWord(w[s + i]);
      }
      finish(d, bytes);
    },

    pmovsxbw(d: number, s: number): void {
      for (let i = 7; i >= 0; i--) u16[2 * T + i] = i8[4 * s + i];
      finish(d, 16);
    },
    pmovsxbd(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = i8[4 * s + i];
      finish(d, 16);
    },
    pmovsxbq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = i8[4 * s + (i >> 1)] >> (31 * (i & 1));
      finish(d, 16);
    },
    pmovsxwd(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = i16[2 * s + i];
      finish(d, 16);
    },
    pmovsxwq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = i16[2 * s + (i >> 1)] >> (31 * (i & 1));
      finish(d, 16);
    },
    pmovsxdq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = w[s + (i >> 1)] >> (31 * (i & 1));
      finish(d, 16);
    },
    pmovzxbw(d: number, s: number): void {
      for (let i = 0; i < 8; i++) u16[2 * T + i] = u8[4 * s + i];
      finish(d, 16);
    },
    pmovzxbd(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = u8[4 * s + i];
      finish(d, 16);
    },
    pmovzxbq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = (i & 1) === 0 ? u8[4 * s + (i >> 1)] : 0;
      finish(d, 16);
    },
    pmovzxwd(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = u16[2 * s + i];
      finish(d, 16);
    },
    pmovzxwq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = (i & 1) === 0 ? u16[2 * s + (i >> 1)] : 0;
      finish(d, 16);
    },
    pmovzxdq(d: number, s: number): void {
      for (let i = 0; i < 4; i++) w[T + i] = (i & 1) === 0 ? w[s + (i >> 1)] : 0;
      finish(d, 16);
    },

    phaddw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) {
        const from = pairOfWords(d, s, i, bytes);
        u16[2 * T + i] = i16[from] + i16[from + 1];
      }
      finish(d, bytes);
    },
    phaddsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) {
        const from = pairOfWords(d, s, i, bytes);
        i16[2 * T + i] = saturateWord(i16[from] + i16[from + 1]);
      }
      finish(d, bytes);
    },
    phaddd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const from = pairOfDoublewords(d, s, i, bytes);
        w[T + i] = w[from] + w[from + 1];
      }
      finish(d, bytes);
    },
    phsubw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) {
        const from = pairOfWords(d, s, i, bytes);
        u16[2 * T + i] = i16[from] - i16[from + 1];
      }
      finish(d, bytes);
    },
    phsubsw(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 1; i++) {
        const from = pairOfWords(d, s, i, bytes);
        i16[2 * T + i] = saturateWord(i16[from] - i16[from + 1]);
      }
      finish(d, bytes);
    },
    phsubd(d: number, s: number, bytes: number): void {
      for (let i = 0; i < bytes >> 2; i++) {
        const from = pairOfDoublewords(d, s, i, bytes);
        w[T + i] = w[from] - w[from + 1];
      }
      finish(d, bytes);
    },
  };
}

/** 16-bit index of the first of the pair that makes element `i` of a horizontal operation. */
function pairOfWords(d: number, s: number, i: number, bytes: number): number {
  const half = bytes >> 2;
  return i < half ? 2 * d + 2 * i : 2 * s + 2 * (i - half);
}

function pairOfDoublewords(d: number, s: number, i: number, bytes: number): number {
  const half = bytes >> 3;
  return i < half ? d + 2 * i : s + 2 * (i - half);
}
