import type { Inst, IrBuilder } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';

type Call = Inst & { readonly op: 'call' };

/** Where the host's arithmetic is the guest's, as text: statements that bind what `when` and `act` name. */
export interface InlineFloat {
  readonly bind: string;
  readonly when: string;
  /** Statement that does what the helper does. */
  readonly act: string;
}

/** RC, FTZ, DAZ, the mask of PE, and PE. */
const CONTROL = 0xf060;
/** Rounding to nearest, no FTZ and DAZ; PE is masked and set. */
const SETTLED = 0x1020;
/** As in softfloat/sse-arithmetic.ts. */
const LEAST_NORMAL = String(2 ** -1022);
const SAFE_LOW = String(2 ** -900);
const SAFE_HIGH = String(2 ** 900);

const settled = `(w[${W.mxcsr}] & ${CONTROL}) === ${SETTLED}`;
const plain = (x: string): string => `(Math.abs(${x}) >= ${LEAST_NORMAL} || ${x} === 0)`;
const safe = (x: string): string => `Math.abs(${x}) > ${SAFE_LOW} && Math.abs(${x}) < ${SAFE_HIGH}`;

const BINARY: Readonly<Record<string, '+' | '-' | '*' | '/'>> = { add: '+', sub: '-', mul: '*', div: '/' };
const ARITHMETIC = /^(add|sub|mul|div|sqrt)(s|p)d$/;
const OTHERS: ReadonlySet<string> = new Set(['ucomisd', 'comisd', 'cvtsi2sd', 'cvttsd2si']);

/** Helpers of SSE2 for which a region may have text; they raise faults and ask for nothing else. */
export const isFloatCall = (helper: string): boolean => ARITHMETIC.test(helper) || OTHERS.has(helper);

/**
 * Text in place of a helper's call, and the condition under which it does the same: operands and results are zero or
 * normal, and MXCSR would stay as it is. The text names `f64`, the state as binary64 elements.
 *
 * @param name what the call's value is called, and the beginning of other names
 * @param text of an argument's low and high half
 */
export function inlineFloat(
  { helper, args, type }: Call,
  name: string,
  ir: IrBuilder,
  text: { low(value: number): string; high(value: number): string },
): InlineFloat | undefined {
  if (!isFloatCall(helper)) return undefined;
  const known = (at: number): number | undefined => {
    const arg = args[at];
    if (arg === undefined) return undefined;
    const value = typeof arg === 'number' ? ir.constant(arg) : arg.known;
    return typeof value === 'number' ? value : undefined;
  };
  const d = known(0);
  if (d === undefined) return undefined;
  if (helper === 'cvtsi2sd') {
    const value = args[1] as number;
    const [low, high] = [text.low(value), text.high(value)];
    return { bind: '', when: `${high} === ${low} >> 31`, act: `f64[${d >> 1}] = ${low};` };
  }
  const s = known(1);
  if (s === undefined) return undefined;
  if (helper === 'cvttsd2si') return type === 'i32' && s === 32 ? truncation(name, d) : undefined;
  if (helper === 'ucomisd' || helper === 'comisd') return comparison(name, d, s);
  const [, operation, form] = ARITHMETIC.exec(helper)!;
  const bind: string[] = [];
  const when = [settled];
  const act: string[] = [];
  for (let i = 0; i < (form === 'p' ? 2 : 1); i++) {
    const [x, y, r] = [`${name}x${i}`, `${name}y${i}`, `${name}r${i}`];
    const [to, from] = [`f64[${(d >> 1) + i}]`, `f64[${(s >> 1) + i}]`];
    if (operation === 'sqrt') {
      bind.push(`const ${y} = ${from}, ${r} = Math.sqrt(${y});`);
      when.push(`${y} > ${SAFE_LOW} && ${y} < ${SAFE_HIGH}`);
    } else {
      bind.push(`const ${x} = ${to}, ${y} = ${from}, ${r} = ${x} ${BINARY[operation!]} ${y};`);
      if (operation === 'add' || operation === 'sub') {
        when.push(`Math.abs(${r}) < ${SAFE_HIGH}`, plain(r), plain(x), plain(y));
      } else when.push(safe(r), safe(x), safe(y));
    }
    act.push(`${to} = ${r};`);
  }
  return { bind: bind.join(' '), when: when.join(' && '), act: act.join(' ') };
}

/** ZF, PF and CF of two numbers that are no NaNs and no denormals, which raise DE. */
function comparison(name: string, d: number, s: number): InlineFloat {
  const [x, y] = [`${name}x`, `${name}y`];
  return {
    bind: `const ${x} = f64[${d >> 1}], ${y} = f64[${s >> 1}];`,
    when: `${plain(x)} && ${plain(y)}`,
    act: `${name} = ${x} === ${y} ? 0x40 : ${x} < ${y} ? 1 : 0;`,
  };
}

/** Rounding control has no say in it. A whole number raises nothing, another one PE. */
function truncation(name: string, s: number): InlineFloat {
  const [x, whole] = [`${name}x`, `${name}t`];
  const inexact = `(w[${W.mxcsr}] & ${SETTLED}) === ${SETTLED} && Math.abs(${x}) >= ${LEAST_NORMAL}`;
  return {
    bind: `const ${x} = f64[${s >> 1}], ${whole} = ${x} | 0;`,
    when: `(${whole} === ${x} || ${inexact} && ${x} > -2147483649 && ${x} < 2147483648)`,
    act: `${name} = ${whole};`,
  };
}
