import { expect, test } from 'vitest';
import { CpuState, W } from '../../../cpu/state.ts';
import { divisionText } from './division.ts';

const WORDS = [0, 1, 2, 7, 0x1fffff, 0x200000, -0x200000, 0x7fffffff, -0x80000000, -1, -2, 0x12345678, -0x12345678];
const HIGHS = [0, 1, 0x1fffff, 0x200000, -1, -0x200000, -0x200001, -0x80000000];

type Result = readonly [quotient: bigint, remainder: bigint];

/** Operands and results of `bits` bits, made of words; what the processor does, undefined where it raises #DE. */
function expected(signed: boolean, bits: number, words: readonly number[]): Result | undefined {
  const take = (from: number, count: number): bigint => {
    const value = words.slice(from, from + count).reduceRight((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
    return signed ? BigInt.asIntN(32 * count, value) : value;
  };
  const size = bits / 32;
  const [dividend, divisor] = [take(0, 2 * size), take(2 * size, size)];
  if (divisor === 0n) return undefined;
  const quotient = dividend / divisor;
  const cut = signed ? BigInt.asIntN(bits, quotient) : BigInt.asUintN(bits, quotient);
  return cut === quotient ? [BigInt.asUintN(bits, quotient), BigInt.asUintN(bits, dividend % divisor)] : undefined;
}

/** The printed text as a function of words. */
function compile(helper: Parameters<typeof divisionText>[0], bits: number) {
  const args = Array.from({ length: (3 * bits) / 32 }, (_, n) => `a${n}`);
  const { when, act } = divisionText(helper, args, 'v');
  const w = new CpuState().words;
  const run = new Function('w', ...args, `"use strict"; let vl, vh; if (!(${when})) return; ${act} return [vl, vh];`);
  return (words: readonly number[]): Result | undefined => {
    const halves = run(w, ...words) as [number, number] | undefined;
    if (halves === undefined) return undefined;
    const [low, high] = halves.map((word) => BigInt(word >>> 0)) as [bigint, bigint];
    if (bits === 32) return [low, high];
    const [r0, r1] = [w[W.scratch]!, w[W.scratch + 1]!].map((word) => BigInt(word >>> 0)) as [bigint, bigint];
    return [(high << 32n) | low, (r1 << 32n) | r0];
  };
}

test.each(['div32', 'idiv32'] as const)('%s: right where it says that it fits, for all 32-bit dividends', (name) => {
  const run = compile(name, 32);
  for (const low of WORDS) {
    for (const divisor of WORDS) {
      for (const high of WORDS) {
        const got = run([low, high, divisor]);
        if (got !== undefined) expect(got).toEqual(expected(name === 'idiv32', 32, [low, high, divisor]));
      }
      const extended = name === 'div32' ? 0 : low >> 31;
      if (divisor !== 0 && divisor !== -1) expect(run([low, extended, divisor])).toBeDefined();
    }
  }
});

test.each(['div64', 'idiv64'] as const)('%s: right where it says that it fits, for numbers of 53 bits', (name) => {
  const run = compile(name, 64);
  const signed = name === 'idiv64';
  const isSmall = (high: number): boolean => (signed ? high >= -0x200000 : high >= 0) && high < 0x200000;
  for (const al of WORDS) {
    for (const ah of HIGHS) {
      for (const top of [0, -1, 1]) {
        for (const bl of WORDS) {
          for (const bh of HIGHS) {
            const words = [al, ah, top, top, bl, bh];
            const got = run(words);
            if (got !== undefined) expect(got, `${words}`).toEqual(expected(signed, 64, words));
            else {
              const small = top === (signed ? ah >> 31 : 0) && isSmall(ah) && isSmall(bh);
              expect(small && (bl | bh) !== 0, `${words}`).toBe(false);
            }
          }
        }
      }
    }
  }
});
