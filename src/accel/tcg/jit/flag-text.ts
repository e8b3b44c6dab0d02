import { KIND } from '../../../cpu/flags.ts';
import { FLAG } from '../../../cpu/state.ts';

/** Text of the values that flags follow from: result and operands, each with its upper half; '' where there is none. */
export interface FlagNames {
  readonly r: string;
  readonly rh: string;
  readonly a: string;
  readonly ah: string;
  readonly b: string;
  readonly bh: string;
}

const BIT = { cf: 0, pf: 2, af: 4, zf: 6, sf: 7, of: 11 } as const;
type FlagName = keyof typeof BIT;

/** As a number, without a branch: see ops.ts. */
const bool = (text: string): string => `((${text}) | 0)`;
/** The condition under which a 0 or 1 is 1. */
const truth = (text: string): string => (text.endsWith(') | 0)') ? text.slice(1, -5) : `${text} !== 0`);
const TOP = ['128', '32768', '-2147483648', '-2147483648'] as const;

const top = (text: string, size: number): string => bool(`(${text} & ${TOP[size]}) !== 0`);

function shifted(name: string, size: number): string {
  return size === 0 ? `(${name} << 24)` : size === 1 ? `(${name} << 16)` : name;
}

function flagText(kind: number, flag: FlagName, names: FlagNames): string {
  const size = kind & 3;
  const group = kind & ~3;
  const wide = size === 3;
  const { r: fr, rh: frh, a: fa, ah: fah, b: fb, bh: fbh } = names;
  const [a, b, r] = wide ? [fah, fbh, frh] : [fa, fb, fr];
  if (group === KIND.EXPLICIT) {
    const bit = BIT[flag];
    return bit === 0 ? `(${fa} & 1)` : `(${fa} >> ${bit} & 1)`;
  }
  switch (flag) {
    case 'zf':
      return bool(wide ? `(${fr} | ${frh}) === 0` : `${fr} === 0`);
    case 'sf':
      return bool(wide ? `${frh} < 0` : `${fr} < 0`);
    case 'pf':
      return `(38505 >> ((${fr} ^ ${fr} >> 4) & 15) & 1)`;
    case 'cf':
      switch (group) {
        case KIND.ADD:
          if (wide) return bool(`${frh} === ${fah} ? ${fr} >>> 0 < ${fa} >>> 0 : ${frh} >>> 0 < ${fah} >>> 0`);
          return bool(size === 2 ? `${fr} >>> 0 < ${fa} >>> 0` : `(${fr} & ${size === 0 ? 255 : 65535}) < ${fa}`);
        case KIND.SUB:
          return bool(
            wide
              ? `${fah} === ${fbh} ? ${fa} >>> 0 < ${fb} >>> 0 : ${fah} >>> 0 < ${fbh} >>> 0`
              : `${fa} >>> 0 < ${fb} >>> 0`,
          );
        case KIND.LOGIC:
          return '0';
        case KIND.ADC:
          return top(`(${a} & ${b} | (${a} | ${b}) & ~${r})`, size);
        case KIND.SBB:
          return top(`(~${a} & ${b} | (~${a} | ${b}) & ${r})`, size);
        case KIND.MUL:
          return bool(wide ? `(${fa} | ${fah}) !== 0` : `${fa} !== 0`);
        case KIND.IMUL:
          return wide ? `imulOverflow64(${fa}, ${fah}, ${fb}, ${fbh})` : `imulOverflow32(${fa}, ${fb})`;
        default:
          return `(${fa} & 1)`;
      }
    case 'of': {
      switch (group) {
        case KIND.ADD:
        case KIND.ADC:
          return top(`((${a} ^ ${r}) & (${b} ^ ${r}))`, size);
        case KIND.SUB:
        case KIND.SBB:
          return top(`((${a} ^ ${b}) & (${a} ^ ${r}))`, size);
        case KIND.MUL:
        case KIND.IMUL:
          return flagText(kind, 'cf', names);
        case KIND.LOGIC:
          return '0';
        case KIND.INC:
          return bool(wide ? `${frh} === -2147483648 && ${fr} === 0` : `${shifted(fr, size)} === -2147483648`);
        case KIND.DEC:
          if (wide) return bool(`${frh} === 2147483647 && ${fr} === -1`);
          return bool(`${fr} === ${[127, 32767, 2147483647][size]}`);
        default:
          return `(${fa} >> 11 & 1)`;
      }
    }
    case 'af':
      switch (group) {
        case KIND.ADD:
        case KIND.SUB:
        case KIND.ADC:
        case KIND.SBB:
          return `((${fa} ^ ${fb} ^ ${fr}) >> 4 & 1)`;
        case KIND.LOGIC:
        case KIND.MUL:
        case KIND.IMUL:
          return '0';
        case KIND.INC:
          return bool(`(${fr} & 15) === 0`);
        case KIND.DEC:
          return bool(`(${fr} & 15) === 15`);
        default:
          return `(${fa} >> 4 & 1)`;
      }
  }
}

/** An operand of a comparison: its halves. */
interface Side {
  readonly l: string;
  readonly h: string;
}

/** Signed `a < b` of the operands of a SUB. */
function lessThan(size: number, a: Side, b: Side): string {
  if (size === 3) return `(${a.h} === ${b.h} ? ${a.l} >>> 0 < ${b.l} >>> 0 : ${a.h} < ${b.h})`;
  return `${shifted(a.l, size)} < ${shifted(b.l, size)}`;
}

function below(size: number, a: Side, b: Side): string {
  if (size === 3) return `(${a.h} === ${b.h} ? ${a.l} >>> 0 < ${b.l} >>> 0 : ${a.h} >>> 0 < ${b.h} >>> 0)`;
  return `${a.l} >>> 0 < ${b.l} >>> 0`;
}

/** False for the few kinds and sizes that only flags.ts knows. */
export const isPrintable = (kind: number): boolean => (kind & ~3) !== KIND.IMUL || (kind & 3) >= 2;

/** Those of OF SF ZF AF PF CF that `mask` has, as RFLAGS bits, as text. */
export function flagsText(kind: number, names: FlagNames, mask: number): string {
  if ((kind & ~3) === KIND.EXPLICIT) return mask === FLAG.ARITH ? names.a : `(${names.a} & ${mask})`;
  const flags = (Object.keys(BIT) as FlagName[]).filter((flag) => (mask & (1 << BIT[flag])) !== 0);
  return `(${flags.map((flag) => `${flagText(kind, flag, names)} << ${BIT[flag]}`).join(' | ')})`;
}

/**
 * Condition code `cc` (0-15) as text that is true or false, when the kind of the operation that set the flags is
 * known: a compare and its jump become one comparison.
 */
export function conditionTest(kind: number, cc: number, names: FlagNames): string {
  const positive = positiveTest(kind, cc >> 1, names);
  return (cc & 1) === 0 ? positive : `!(${positive})`;
}

/**
 * Condition code `cc` as text that is 0 or 1. A carry that becomes part of a number comes from real data, whose
 * branches the host cannot guess: it has none.
 */
export function conditionValue(kind: number, cc: number, names: FlagNames): string {
  if (cc >> 1 !== 1 || (kind & 2) === 0) return bool(conditionTest(kind, cc, names));
  const { a, b, r } = (kind & 3) === 3 ? { a: names.ah, b: names.bh, r: names.rh } : names;
  const group = kind & ~3;
  const carry = group === KIND.ADC || (group === KIND.ADD && (kind & 3) === 3);
  const borrow = group === KIND.SBB || (group === KIND.SUB && (kind & 3) === 3);
  if (!carry && !borrow) return bool(conditionTest(kind, cc, names));
  const chain = carry ? `${a} & ${b} | (${a} | ${b}) & ~${r}` : `~${a} & ${b} | (~${a} | ${b}) & ${r}`;
  return (cc & 1) === 0 ? `((${chain}) >>> 31)` : `((${chain}) >>> 31 ^ 1)`;
}

function positiveTest(kind: number, pair: number, names: FlagNames): string {
  const size = kind & 3;
  const group = kind & ~3;
  const a = { l: names.a, h: names.ah };
  const b = { l: names.b, h: names.bh };
  const f = (flag: FlagName): string => flagText(kind, flag, names);
  const is = (flag: FlagName): string => truth(f(flag));
  switch (pair) {
    case 0:
      return is('of');
    case 1:
      return is('cf');
    case 2:
      if (group === KIND.SUB) return size === 3 ? `${a.l} === ${b.l} && ${a.h} === ${b.h}` : `${a.l} === ${b.l}`;
      return is('zf');
    case 3:
      if (group === KIND.SUB) return `!(${below(size, b, a)})`;
      return `${is('cf')} || ${is('zf')}`;
    case 4:
      return is('sf');
    case 5:
      return is('pf');
    case 6:
      if (group === KIND.SUB) return lessThan(size, a, b);
      if (group === KIND.LOGIC) return is('sf');
      return `${f('sf')} !== ${f('of')}`;
    default:
      if (group === KIND.SUB) return `!(${lessThan(size, b, a)})`;
      if (group === KIND.LOGIC) return `${is('sf')} || ${is('zf')}`;
      return `${is('zf')} || ${f('sf')} !== ${f('of')}`;
  }
}
