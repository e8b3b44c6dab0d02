import type { CpuContext } from '../context.ts';
import { FLAG } from '../state.ts';

/** Fields of the immediate (SDM 2B 4.1). */
const WORDS = 1;
const SIGNED = 2;
const AGGREGATION_SHIFT = 2;
const EQUAL_ANY = 0;
const RANGES = 1;
const EQUAL_EACH = 2;
const NEGATIVE = 0x10;
const MASKED = 0x20;
/** Index of the most significant bit; a mask of whole elements. */
const HIGHEST = 0x40;
const EXPANDED = 0x40;

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM 2B, section 4.1). The index forms return ECX in the low and
 * the arithmetic flags in the high half of the result; the mask forms write
 * XMM0 and return the flags.
 */
export function stringCompareHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const { bytes: u8, u16, i8, i16 } = cpu.state;

  const element = (s: number, at: number, imm: number): number => {
    if ((imm & WORDS) !== 0) return (imm & SIGNED) !== 0 ? i16[2 * s + at] : u16[2 * s + at];
    return (imm & SIGNED) !== 0 ? i8[4 * s + at] : u8[4 * s + at];
  };
  const elements = (imm: number): number => ((imm & WORDS) !== 0 ? 8 : 16);

  /** Elements before the first zero. */
  const implicitLength = (s: number, imm: number): number => {
    const count = elements(imm);
    let length = 0;
    while (length < count && element(s, length, imm) !== 0) length++;
    return length;
  };
  /** A length register's magnitude, at most the number of elements. */
  const explicitLength = (low: number, high: number, imm: number): number => {
    const count = elements(imm);
    const negative = high < 0;
    if (high !== (negative ? -1 : 0)) return count;
    if (negative) return low === 0 || -(low | 0) >>> 0 > count ? count : -(low | 0) >>> 0;
    return low >>> 0 > count ? count : low;
  };

  /** Whether element `j` of the second string meets any element, or any pair of bounds, of the first. */
  const meetsAny = (a: number, lengthA: number, value: number, imm: number, ranges: boolean): boolean => {
    if (!ranges) {
      for (let i = 0; i < lengthA; i++) if (element(a, i, imm) === value) return true;
      return false;
    }
    for (let i = 0; i + 1 < lengthA; i += 2) {
      if (value >= element(a, i, imm) && value <= element(a, i + 1, imm)) return true;
    }
    return false;
  };
  /** Whether the first string stands in the second one at element `j`; what sticks out behind the end is taken as met. */
  const standsAt = (a: number, lengthA: number, b: number, lengthB: number, j: number, imm: number): boolean => {
    const count = elements(imm);
    for (let i = 0; i < lengthA && i + j < count; i++) {
      if (i + j >= lengthB || element(a, i, imm) !== element(b, i + j, imm)) return false;
    }
    return true;
  };
  const eachEqual = (a: number, lengthA: number, b: number, lengthB: number, j: number, imm: number): boolean => {
    if (j >= lengthA || j >= lengthB) return j >= lengthA && j >= lengthB;
    return element(a, j, imm) === element(b, j, imm);
  };

  /** IntRes2: one bit for each element of the second string. */
  const compare = (a: number, lengthA: number, b: number, lengthB: number, imm: number): number => {
    const count = elements(imm);
    const aggregation = (imm >> AGGREGATION_SHIFT) & 3;
    let result = 0;
    for (let j = 0; j < count; j++) {
      let met: boolean;
      if (aggregation === EQUAL_EACH) met = eachEqual(a, lengthA, b, lengthB, j, imm);
      else if (aggregation === EQUAL_ANY || aggregation === RANGES) {
        met = j < lengthB && meetsAny(a, lengthA, element(b, j, imm), imm, aggregation === RANGES);
      } else met = standsAt(a, lengthA, b, lengthB, j, imm);
      if (met) result |= 1 << j;
    }
    if ((imm & NEGATIVE) === 0) return result;
    return result ^ ((imm & MASKED) !== 0 ? (1 << lengthB) - 1 : (1 << count) - 1);
  };

  const flags = (result: number, lengthA: number, lengthB: number, imm: number): number => {
    const count = elements(imm);
    return (
      (result !== 0 ? FLAG.CF : 0) |
      (lengthB < count ? FLAG.ZF : 0) |
      (lengthA < count ? FLAG.SF : 0) |
      ((result & 1) !== 0 ? FLAG.OF : 0)
    );
  };
  const index = (a: number, lengthA: number, b: number, lengthB: number, imm: number): number => {
    const result = compare(a, lengthA, b, lengthB, imm);
    const found = (imm & HIGHEST) !== 0 ? 31 - Math.clz32(result) : 31 - Math.clz32(result & -result);
    return (result === 0 ? elements(imm) : found) | (flags(result, lengthA, lengthB, imm) << 16);
  };
  const mask = (d: number, a: number, lengthA: number, b: number, lengthB: number, imm: number): number => {
    const result = compare(a, lengthA, b, lengthB, imm);
    w[d] = result;
    w[d + 1] = w[d + 2] = w[d + 3] = 0;
    if ((imm & EXPANDED) !== 0) {
      const count = elements(imm);
      for (let i = 0; i < count; i++) {
        if (count === 8) u16[2 * d + i] = -((result >> i) & 1);
        else u8[4 * d + i] = -((result >> i) & 1);
      }
    }
    return flags(result, lengthA, lengthB, imm);
  };

  return {
    /** `a` and `c` are RAX and RDX, or EAX and EDX sign-extended: the strings' lengths. */
    pcmpestri(a: number, b: number, imm: number, aLow: number, aHigh: number, cLow: number, cHigh: number): number {
      return index(a, explicitLength(aLow, aHigh, imm), b, explicitLength(cLow, cHigh, imm), imm);
    },
    pcmpestrm(
      d: number,
      a: number,
      b: number,
      imm: number,
      aLow: number,
      aHigh: number,
      cLow: number,
      cHigh: number,
    ): number {
      return mask(d, a, explicitLength(aLow, aHigh, imm), b, explicitLength(cLow, cHigh, imm), imm);
    },
    pcmpistri(a: number, b: number, imm: number): number {
      return index(a, implicitLength(a, imm), b, implicitLength(b, imm), imm);
    },
    pcmpistrm(d: number, a: number, b: number, imm: number): number {
      return mask(d, a, implicitLength(a, imm), b, implicitLength(b, imm), imm);
    },
  };
}
