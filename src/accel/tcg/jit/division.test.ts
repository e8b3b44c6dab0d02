import { expect, test } from 'vitest';
import { divisionText } from './division.ts';

const WORDS = [0, 1, 2, 7, 0x7fffffff, -0x80000000, -0x7fffffff, -1, -2, 0x12345678, -0x12345678];

/** What the processor does with `high:low`; undefined where it raises #DE. */
function expected(signed: boolean, low: number, high: number, divisor: number): number | undefined {
  if (divisor === 0) return undefined;
  const both = (BigInt(high) << 32n) | BigInt(low >>> 0);
  const dividend = signed ? both : BigInt.asUintN(64, both);
  const quotient = dividend / BigInt(signed ? divisor : divisor >>> 0);
  const cut = signed ? BigInt.asIntN(32, quotient) : BigInt.asUintN(32, quotient);
  return cut === quotient ? Number(BigInt.asIntN(32, quotient)) : undefined;
}

test.each(['div32', 'idiv32'] as const)('%s: right where it says that it fits, for all 32-bit dividends', (name) => {
  const { fits, quotient } = divisionText(name, 'low', 'high', 'divisor');
  const run = new Function('low', 'high', 'divisor', `return ${fits} ? ${quotient} : undefined;`) as (
    ...operands: number[]
  ) => number | undefined;
  for (const low of WORDS) {
    for (const divisor of WORDS) {
      for (const high of WORDS) {
        const got = run(low, high, divisor);
        if (got !== undefined)
          expect(got, `${high}:${low} by ${divisor}`).toBe(expected(name === 'idiv32', low, high, divisor));
      }
      const extended = name === 'div32' ? 0 : low >> 31;
      if (divisor !== 0 && divisor !== -1) expect(run(low, extended, divisor)).toBeDefined();
    }
  }
});
