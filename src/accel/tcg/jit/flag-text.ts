import { KIND } from '../../../cpu/flags.ts';

/**
 * Text of flags and conditions when the kind of the last flag-setting operation is known: a compare and its jump
 * become one comparison. Locals: fr/frh result, fa/fah and fb/fbh operands (flags.ts says what they hold).
 */
type FlagName = 'cf' | 'pf' | 'af' | 'zf' | 'sf' | 'of';

const bool = (text: string): string => `((${text}) ? 1 : 0)`;
const TOP = ['128', '32768', '-2147483648', '-2147483648'] as const;

const top = (text: string, size: number): string => bool(`(${text} & ${TOP[size]}) !== 0`);

function shifted(name: string, size: number): string {
  return size === 0 ? `(${name} << 24)` : size === 1 ? `(${name} << 16)` : name;
}

function flagText(kind: number, flag: FlagName): string {
  const size = kind & 3;
  const group = kind & ~3;
  const wide = size === 3;
  const [a, b, r] = wide ? ['fah', 'fbh', 'frh'] : ['fa', 'fb', 'fr'];
  if (group === KIND.EXPLICIT) {
    const bit = { cf: 0, pf: 2, af: 4, zf: 6, sf: 7, of: 11 }[flag];
    return bit === 0 ? '(fa & 1)' : `(fa >> ${bit} & 1)`;
  }
  switch (flag) {
    case 'zf':
      return bool(wide ? '(fr | frh) === 0' : 'fr === 0');
    case 'sf':
      return bool(wide ? 'frh < 0' : 'fr < 0');
    case 'pf':
      return '(38505 >> ((fr ^ fr >> 4) & 15) & 1)';
    case 'cf':
      switch (group) {
        case KIND.ADD:
          if (wide) return bool('frh === fah ? fr >>> 0 < fa >>> 0 : frh >>> 0 < fah >>> 0');
          return bool(size === 2 ? 'fr >>> 0 < fa >>> 0' : `(fr & ${size === 0 ? 255 : 65535}) < fa`);
        case KIND.SUB:
          return bool(wide ? 'fah === fbh ? fa >>> 0 < fb >>> 0 : fah >>> 0 < fbh >>> 0' : 'fa >>> 0 < fb >>> 0');
        case KIND.LOGIC:
          return '0';
        case KIND.ADC:
          return top(`(${a} & ${b} | (${a} | ${b}) & ~${r})`, size);
        case KIND.SBB:
          return top(`(~${a} & ${b} | (~${a} | ${b}) & ${r})`, size);
        case KIND.MUL:
          return bool(wide ? '(fa | fah) !== 0' : 'fa !== 0');
        case KIND.IMUL:
          return wide ? 'imulOverflow64(fa, fah, fb, fbh)' : 'imulOverflow32(fa, fb)';
        default:
          return '(fa & 1)';
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
          return flagText(kind, 'cf');
        case KIND.LOGIC:
          return '0';
        case KIND.INC:
          return bool(wide ? 'frh === -2147483648 && fr === 0' : `${shifted('fr', size)} === -2147483648`);
        case KIND.DEC:
          if (wide) return bool('frh === 2147483647 && fr === -1');
          return bool(`fr === ${[127, 32767, 2147483647][size]}`);
        default:
          return '(fa >> 11 & 1)';
      }
    }
    case 'af':
      switch (group) {
        case KIND.ADD:
        case KIND.SUB:
        case KIND.ADC:
        case KIND.SBB:
          return '((fa ^ fb ^ fr) >> 4 & 1)';
        case KIND.LOGIC:
        case KIND.MUL:
        case KIND.IMUL:
          return '0';
        case KIND.INC:
          return bool('(fr & 15) === 0');
        case KIND.DEC:
          return bool('(fr & 15) === 15');
        default:
          return '(fa >> 4 & 1)';
      }
  }
}

/** Signed `a < b` of the operands of a SUB. */
function lessThan(size: number, a: string, b: string): string {
  if (size === 3) return `(${a}h === ${b}h ? ${a} >>> 0 < ${b} >>> 0 : ${a}h < ${b}h)`;
  return `${shifted(a, size)} < ${shifted(b, size)}`;
}

function below(size: number, a: string, b: string): string {
  if (size === 3) return `(${a}h === ${b}h ? ${a} >>> 0 < ${b} >>> 0 : ${a}h >>> 0 < ${b}h >>> 0)`;
  return `${a} >>> 0 < ${b} >>> 0`;
}

/** False for the few kinds and sizes that only flags.ts knows. */
export const isPrintable = (kind: number): boolean => (kind & ~3) !== KIND.IMUL || (kind & 3) >= 2;

/** OF SF ZF AF PF CF as RFLAGS bits, as text. */
export const flagsText = (kind: number): string =>
  (kind & ~3) === KIND.EXPLICIT
    ? 'fa'
    : `(${flagText(kind, 'cf')} | ${flagText(kind, 'pf')} << 2 | ${flagText(kind, 'af')} << 4 | ` +
      `${flagText(kind, 'zf')} << 6 | ${flagText(kind, 'sf')} << 7 | ${flagText(kind, 'of')} << 11)`;

/** Condition code `cc` (0-15) as text that is 0 or 1. */
export function conditionText(kind: number, cc: number): string {
  const size = kind & 3;
  const group = kind & ~3;
  const f = (flag: FlagName): string => flagText(kind, flag);
  const negated = (cc & 1) !== 0;
  const not = (text: string): string => (negated ? `(${text} ^ 1)` : text);
  const test = (text: string): string => (negated ? `(${text} ? 0 : 1)` : `(${text} ? 1 : 0)`);
  switch (cc >> 1) {
    case 0:
      return not(f('of'));
    case 1:
      return not(f('cf'));
    case 2:
      if (group === KIND.SUB) return test(size === 3 ? '(fa === fb && fah === fbh)' : 'fa === fb');
      return not(f('zf'));
    case 3:
      if (group === KIND.SUB) return test(`!(${below(size, 'fb', 'fa')})`);
      return not(`(${f('cf')} | ${f('zf')})`);
    case 4:
      return not(f('sf'));
    case 5:
      return not(f('pf'));
    case 6:
      if (group === KIND.SUB) return test(lessThan(size, 'fa', 'fb'));
      if (group === KIND.LOGIC) return not(f('sf'));
      return not(`(${f('sf')} ^ ${f('of')})`);
    default:
      if (group === KIND.SUB) return test(`!(${lessThan(size, 'fb', 'fa')})`);
      if (group === KIND.LOGIC) return not(`(${f('sf')} | ${f('zf')})`);
      return not(`(${f('zf')} | (${f('sf')} ^ ${f('of')}))`);
  }
}
