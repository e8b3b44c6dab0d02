import { unsignedText } from '../../../cpu/ir/ops.ts';
import { W } from '../../../cpu/state.ts';

/** Helpers of DIV and IDIV that a region replaces by V8's own division where the dividend is small. */
type Division = 'div32' | 'idiv32' | 'div64' | 'idiv64';

export const isDivision = (helper: string): helper is Division => /^i?div(32|64)$/.test(helper);

const TWO_32 = 2 ** 32;
/** High halves of the numbers that a double holds. */
const EXACT = 0x200000;

/**
 * Text in place of a helper's call, and the condition under which it does the same. `when` says that the dividend is no
 * more than its lower half (64 bits: that doubles hold both numbers) and that the quotient exists.
 *
 * @param args low halves, and high ones of 64-bit arguments
 * @param name the call's value: `act` assigns its halves
 */
export function divisionText(helper: Division, args: readonly string[], name: string): { when: string; act: string } {
  if (helper === 'div32' || helper === 'idiv32') {
    const [low, high, divisor] = args as [string, string, string];
    const unsigned = helper === 'div32';
    const quotient = unsigned ? `(${low} >>> 0) / (${divisor} >>> 0) | 0` : `${low} / ${divisor} | 0`;
    return {
      // The most negative number by -1 is #DE.
      when: unsigned
        ? `${high} === 0 && ${divisor} !== 0`
        : `${high} === ${low} >> 31 && ${divisor} !== 0 && ${divisor} !== -1`,
      act: `${name}l = ${quotient}; ${name}h = ${low} - Math.imul(${name}l, ${divisor}) | 0;`,
    };
  }
  const [al, ah, dl, dh, bl, bh] = args as [string, string, string, string, string, string];
  const [dividend, divisor, quotient, rest] = [`${name}a`, `${name}b`, `${name}q`, `${name}r`];
  const signed = helper === 'idiv64';
  const sign = `${ah} >> 31`;
  const half = (high: string): string => (signed ? high : unsignedText(high));
  const exact = (high: string): string =>
    signed ? `(${high} + ${EXACT}) >>> 0 < ${2 * EXACT}` : `${high} >>> 0 < ${EXACT}`;
  const none = signed ? `${dl} === ${sign} && ${dh} === ${sign}` : `(${dl} | ${dh}) === 0`;
  return {
    when: `${none} && ${exact(ah)} && ${exact(bh)} && (${bl} | ${bh}) !== 0`,
    act: [
      `const ${dividend} = ${half(ah)} * ${TWO_32} + ${unsignedText(al)}, ${divisor} = ${half(bh)} * ${TWO_32} + ${unsignedText(bl)};`,
      `const ${quotient} = Math.trunc(${dividend} / ${divisor}), ${rest} = ${dividend} - ${quotient} * ${divisor};`,
      `${name}l = ${quotient} | 0; ${name}h = Math.floor(${quotient} * ${1 / TWO_32}) | 0;`,
      `w[${W.scratch}] = ${rest}; w[${W.scratch + 1}] = Math.floor(${rest} * ${1 / TWO_32});`,
    ].join(' '),
  };
}
