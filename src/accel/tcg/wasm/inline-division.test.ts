import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InlineCode } from '../../../../test/support/inline-code.ts';
import { CpuState, W } from '../../../cpu/state.ts';
import { DIVISIONS } from './inline-division.ts';

type Result = readonly [quotient: bigint, remainder: bigint];

/** What the processor does with a dividend in two halves; undefined where it raises #DE. */
function expected(signed: boolean, bits: number, [low, high, divisor]: readonly bigint[]): Result | undefined {
  const cut = (count: number, x: bigint) => (signed ? BigInt.asIntN(count, x) : BigInt.asUintN(count, x));
  const dividend = cut(2 * bits, (high! << BigInt(bits)) | low!);
  const by = cut(bits, divisor!);
  if (by === 0n) return undefined;
  const quotient = dividend / by;
  if (quotient !== cut(bits, quotient)) return undefined;
  return [BigInt.asUintN(bits, quotient), BigInt.asUintN(bits, dividend % by)];
}

/** Edges, small numbers and any. */
const numbers = (bits: number) => {
  const most = 1n << BigInt(bits - 1);
  const edges = [0n, 1n, 2n, most - 1n, most, most + 1n, 2n * most - 2n, 2n * most - 1n];
  return fc.oneof(
    fc.constantFrom(...edges),
    fc.bigInt(0n, 1000n),
    fc.bigInt(-1000n, -1n).map((x) => BigInt.asUintN(bits, x)),
    fc.bigInt(0n, 2n * most - 1n),
  );
};

/** Dividends whose upper half is what it is in programs come up often. */
const operands = (bits: number) =>
  fc.tuple(numbers(bits), fc.option(numbers(bits)), numbers(bits)).map(([low, high, divisor]): bigint[] => {
    const sign = BigInt.asUintN(bits, BigInt.asIntN(bits, low) >> BigInt(bits - 1));
    return [low, high ?? (divisor % 2n === 0n ? sign : 0n), divisor];
  });

test.each(['div32', 'idiv32', 'div64', 'idiv64'])('%s: right where it calls no helper, which raises #DE', (helper) => {
  const bits = helper.endsWith('64') ? 64 : 32;
  const signed = helper.startsWith('i');
  const type = bits === 64 ? 'i64' : 'i32';
  const code = new InlineCode(DIVISIONS[helper]!, helper, 'i64', [type, type, type]);
  const { words, u64 } = new CpuState();
  fc.assert(
    fc.property(operands(bits), (args) => {
      const wanted = expected(signed, bits, args);
      const got = code.run(words, ...args);
      const [low, high] = args as [bigint, bigint];
      const plain = high === (signed ? BigInt.asUintN(bits, BigInt.asIntN(bits, low) >> 63n) : 0n);
      if (got === undefined) {
        // -1 as a divisor is nothing that a program needs fast.
        const minusOne = signed && args[2] === (1n << BigInt(bits)) - 1n;
        if (wanted !== undefined && !minusOne) expect(bits === 64 && !plain).toBe(true);
        return;
      }
      const both = bits === 64 ? [got, u64[W.scratch >> 1]!] : [got & 0xffff_ffffn, got >> 32n];
      expect(both).toEqual(wanted);
    }),
    { numRuns: 3000 },
  );
});
