import { raise, VECTOR } from '../fault.ts';
import { FLAG } from '../state.ts';

/** SF, ZF and PF of a byte. */
function byteFlags(value: number): number {
  const nibbles = value ^ (value >> 4);
  const even = (0x9669 >> (nibbles & 15)) & 1;
  return (value & FLAG.SF) | (value === 0 ? FLAG.ZF : 0) | (even !== 0 ? FLAG.PF : 0);
}

/** Decimal adjustments (SDM 2A). AX and arithmetic flags in; AX in the low half and new flags in the upper half out. */
export function decimalHelpers() {
  /** DAA and DAS: 6 and 60h are added or taken away. */
  function adjustPacked(ax: number, flags: number, sign: 1 | -1): number {
    const old = ax & 0xff;
    let al = old;
    let set = 0;
    if ((old & 15) > 9 || (flags & FLAG.AF) !== 0) {
      al += sign * 6;
      set = FLAG.AF | (al < 0 ? FLAG.CF : 0);
    }
    if (old > 0x99 || (flags & FLAG.CF) !== 0) {
      al += sign * 0x60;
      set |= FLAG.CF;
    }
    al &= 0xff;
    return (ax & 0xff00) | al | ((set | byteFlags(al)) << 16);
  }

  /** AAA and AAS: AL and AH change by 6 and 1 together. */
  function adjustUnpacked(ax: number, flags: number, sign: 1 | -1): number {
    const adjust = (ax & 15) > 9 || (flags & FLAG.AF) !== 0;
    const moved = adjust ? (ax + sign * 0x106) & 0xffff : ax;
    const set = adjust ? FLAG.AF | FLAG.CF : 0;
    return (moved & 0xff0f) | ((set | byteFlags(moved & 15)) << 16);
  }

  return {
    daa: (ax: number, flags: number): number => adjustPacked(ax, flags, 1),
    das: (ax: number, flags: number): number => adjustPacked(ax, flags, -1),
    aaa: (ax: number, flags: number): number => adjustUnpacked(ax, flags, 1),
    aas: (ax: number, flags: number): number => adjustUnpacked(ax, flags, -1),

    /** AX for AL split by `base`; #DE when it is 0. */
    aam(al: number, base: number): number {
      if (base === 0) raise(VECTOR.DE);
      return (Math.trunc(al / base) << 8) | (al % base);
    },
  };
}
