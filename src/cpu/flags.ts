import { imulOverflow32, imulOverflow64 } from './ir/lib.ts';
import { FLAG, W } from './state.ts';

/**
 * Lazy arithmetic flags. `flagKind` says how OF SF ZF AF PF CF follow from the last result:
 * - EXPLICIT: they stand as bits in flagA; nothing else counts.
 * - others: SF, ZF and PF come from flagRes, which holds the result sign-extended to 64 bits
 *   (for 8- to 32-bit results the high word equals the sign); CF, OF and AF by kind from the operands.
 * The operand size is in the low two bits of the kind (log2 of bytes).
 */
export const KIND = {
  EXPLICIT: 0,
  /** flagA + flagB = flagRes. */
  ADD: 4,
  /** flagA - flagB = flagRes. */
  SUB: 8,
  /** CF = OF = AF = 0. */
  LOGIC: 12,
  /** flagA = CF before; res = operand + 1. */
  INC: 16,
  DEC: 20,
  /** flagA holds CF, OF and AF as RFLAGS bits. */
  CARRIES: 24,
  /** flagA + flagB + CF before = flagRes. */
  ADC: 28,
  /** flagA - flagB - CF before = flagRes. */
  SBB: 32,
  /** flagA: high half of an unsigned product; CF = OF = whether it is not 0. */
  MUL: 36,
  /** flagA * flagB, signed, cut to flagRes; CF = OF = whether the product was cut. */
  IMUL: 40,
} as const;
export type FlagKind = keyof typeof KIND;

const log2 = (size: number): number => (size === 1 ? 0 : size === 2 ? 1 : size === 4 ? 2 : 3);
export const flagKindCode = (kind: FlagKind, size: number): number =>
  kind === 'EXPLICIT' ? 0 : KIND[kind] | log2(size);

const TOP = [0x80, 0x8000, 0x80000000 | 0, 0x80000000 | 0] as const;
const MASK = [0xff, 0xffff, -1, -1] as const;

export function zf(w: Int32Array): number {
  if (w[W.flagKind] === 0) return (w[W.flagA]! >> 6) & 1;
  return (w[W.flagRes]! | w[W.flagRes + 1]!) === 0 ? 1 : 0;
}

export function sf(w: Int32Array): number {
  if (w[W.flagKind] === 0) return (w[W.flagA]! >> 7) & 1;
  return w[W.flagRes + 1]! >>> 31;
}

export function pf(w: Int32Array): number {
  if (w[W.flagKind] === 0) return (w[W.flagA]! >> 2) & 1;
  const x = w[W.flagRes]! ^ (w[W.flagRes]! >> 4);
  return (0x9669 >> (x & 15)) & 1;
}

/** The carry out of each bit of an addition, and the borrow into each bit of a subtraction. */
const carries = (a: number, b: number, result: number): number => (a & b) | ((a | b) & ~result);
const borrows = (a: number, b: number, result: number): number => (~a & b) | ((~a | b) & result);

/** Whether the signed product of flagA and flagB does not fit into their size. */
function signedOverflow(w: Int32Array, size: number): number {
  const a = w[W.flagA]!;
  const b = w[W.flagB]!;
  if (size === 3) return imulOverflow64(a, w[W.flagA + 1]!, b, w[W.flagB + 1]!);
  if (size === 2) return imulOverflow32(a, b);
  const unused = size === 1 ? 16 : 24;
  const product = Math.imul((a << unused) >> unused, (b << unused) >> unused);
  return product === (product << unused) >> unused ? 0 : 1;
}

const multiplied = (w: Int32Array, kind: number): number => {
  if (kind >> 2 === KIND.IMUL >> 2) return signedOverflow(w, kind & 3);
  return (w[W.flagA]! | ((kind & 3) === 3 ? w[W.flagA + 1]! : 0)) !== 0 ? 1 : 0;
};

export function cf(w: Int32Array): number {
  const kind = w[W.flagKind]!;
  switch (kind >> 2) {
    case 0:
    case 4:
    case 5:
    case 6:
      return w[W.flagA]! & 1;
    case 1:
      if ((kind & 3) === 3) {
        const rh = w[W.flagRes + 1]! >>> 0;
        const ah = w[W.flagA + 1]! >>> 0;
        return rh < ah || (rh === ah && w[W.flagRes]! >>> 0 < w[W.flagA]! >>> 0) ? 1 : 0;
      }
      return (w[W.flagRes]! & MASK[kind & 3]!) >>> 0 < w[W.flagA]! >>> 0 ? 1 : 0;
    case 2:
      if ((kind & 3) === 3) {
        const ah = w[W.flagA + 1]! >>> 0;
        const bh = w[W.flagB + 1]! >>> 0;
        return ah < bh || (ah === bh && w[W.flagA]! >>> 0 < w[W.flagB]! >>> 0) ? 1 : 0;
      }
      return w[W.flagA]! >>> 0 < w[W.flagB]! >>> 0 ? 1 : 0;
    case 7:
    case 8: {
      const at = (kind & 3) === 3 ? 1 : 0;
      const vector = kind >> 2 === 7 ? carries : borrows;
      return (vector(w[W.flagA + at]!, w[W.flagB + at]!, w[W.flagRes + at]!) & TOP[kind & 3]!) !== 0 ? 1 : 0;
    }
    case 9:
    case 10:
      return multiplied(w, kind);
    default:
      return 0;
  }
}

export function of(w: Int32Array): number {
  const kind = w[W.flagKind]!;
  const size = kind & 3;
  const at = size === 3 ? 1 : 0;
  const res = w[W.flagRes + at]!;
  switch (kind >> 2) {
    case 0:
    case 6:
      return (w[W.flagA]! >> 11) & 1;
    case 1:
    case 7:
      return ((w[W.flagA + at]! ^ res) & (w[W.flagB + at]! ^ res) & TOP[size]!) !== 0 ? 1 : 0;
    case 2:
    case 8:
      return ((w[W.flagA + at]! ^ w[W.flagB + at]!) & (w[W.flagA + at]! ^ res) & TOP[size]!) !== 0 ? 1 : 0;
    case 4:
      if (size === 3) return res === (0x80000000 | 0) && w[W.flagRes] === 0 ? 1 : 0;
      return (res & MASK[size]!) === TOP[size] ? 1 : 0;
    case 5:
      if (size === 3) return res === 0x7fffffff && w[W.flagRes] === -1 ? 1 : 0;
      return (res & MASK[size]!) === ((TOP[size]! - 1) & MASK[size]!) ? 1 : 0;
    case 9:
    case 10:
      return multiplied(w, kind);
    default:
      return 0;
  }
}

export function af(w: Int32Array): number {
  switch (w[W.flagKind]! >> 2) {
    case 0:
    case 6:
      return (w[W.flagA]! >> 4) & 1;
    case 1:
    case 2:
    case 7:
    case 8:
      return ((w[W.flagA]! ^ w[W.flagB]! ^ w[W.flagRes]!) >> 4) & 1;
    case 4:
      return (w[W.flagRes]! & 15) === 0 ? 1 : 0;
    case 5:
      return (w[W.flagRes]! & 15) === 15 ? 1 : 0;
    default:
      return 0;
  }
}

/** Replaces OF, AF and CF by RFLAGS bits; SF, ZF and PF stay. */
export function setCarries(w: Int32Array, bits: number): void {
  const kind = w[W.flagKind]!;
  w[W.flagA] = kind === 0 ? (w[W.flagA]! & ~FLAG.CARRIES) | bits : bits;
  if (kind !== 0) w[W.flagKind] = KIND.CARRIES | (kind & 3);
}

/** OF SF ZF AF PF CF as RFLAGS bits. */
export function arithmeticFlags(w: Int32Array): number {
  if (w[W.flagKind] === 0) return w[W.flagA]! & FLAG.ARITH;
  return cf(w) | (pf(w) << 2) | (af(w) << 4) | (zf(w) << 6) | (sf(w) << 7) | (of(w) << 11);
}

/** Sets all six arithmetic flags from RFLAGS bits. */
export function setArithmeticFlags(w: Int32Array, bits: number): void {
  w[W.flagKind] = 0;
  w[W.flagA] = bits & FLAG.ARITH;
}

/** RFLAGS as PUSHF would see it, without RF and VM removed. */
export const readRflags = (w: Int32Array): number => w[W.rflags]! | arithmeticFlags(w) | 2;

/** Replaces RFLAGS whole; the caller has applied the masks of the instruction. */
export function writeRflags(w: Int32Array, value: number): void {
  w[W.rflags] = (value & ~FLAG.ARITH) | 2;
  setArithmeticFlags(w, value);
}

/** Condition `cc` (0-15, the low nibble of Jcc) as 0 or 1 (SDM 1 appendix B). */
export function condition(w: Int32Array, cc: number): number {
  let value: number;
  switch (cc >> 1) {
    case 0:
      value = of(w);
      break;
    case 1:
      value = cf(w);
      break;
    case 2:
      value = zf(w);
      break;
    case 3:
      value = cf(w) | zf(w);
      break;
    case 4:
      value = sf(w);
      break;
    case 5:
      value = pf(w);
      break;
    case 6:
      value = sf(w) ^ of(w);
      break;
    default:
      value = zf(w) | (sf(w) ^ of(w));
      break;
  }
  return value ^ (cc & 1);
}
