import { expect, test } from 'vitest';
import type { CpuContext } from '../context.ts';
import { isGuestFault } from '../fault.ts';
import { CpuState, W } from '../state.ts';
import { divisionHelpers } from './arithmetic.ts';

const EDGES = [0, 1, 2, 3, 0x7fffffff, -0x80000000, -1, -2, 0x10000, 0xffff];
const w = new CpuState().words;
const { div32, idiv32, div64, idiv64 } = divisionHelpers({ w } as CpuContext);

const wide = (...words: number[]): bigint => words.reduceRight((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);

/** Quotient and remainder as unsigned numbers of `bits` bits, or #DE. */
function expected(dividend: bigint, divisor: bigint, bits: number, signed: boolean): bigint[] | 'DE' {
  const [n, d] = signed ? [BigInt.asIntN(2 * bits, dividend), BigInt.asIntN(bits, divisor)] : [dividend, divisor];
  if (d === 0n) return 'DE';
  const quotient = n / d;
  const cut = signed ? BigInt.asIntN(bits, quotient) : BigInt.asUintN(bits, quotient);
  if (cut !== quotient) return 'DE';
  return [BigInt.asUintN(bits, quotient), BigInt.asUintN(bits, n % d)];
}

function run(divide: () => bigint[]): bigint[] | 'DE' {
  try {
    return divide();
  } catch (thrown) {
    if (isGuestFault(thrown)) return 'DE';
    throw thrown;
  }
}

let seed = 12345;
function word(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const pick = seed >>> 28;
  return pick < 6 ? EDGES[(seed >>> 8) % EDGES.length]! : pick < 9 ? seed >> (seed & 31) : seed ^ (seed >>> 15);
}

test.each([false, true])('64-bit division, signed: %s', (signed) => {
  const divide = signed ? idiv64 : div64;
  let quotients = 0;
  for (let n = 0; n < 10_000; n++) {
    const [al, ah, bl, bh] = [word(), word(), word(), (n & 3) === 0 ? 0 : word()];
    // Mostly dividends whose quotient fits: an upper half below the divisor.
    const near = BigInt.asIntN(64, wide(bl, bh)) / BigInt(1 + (n % 3));
    const [dl, dh] = [
      [word(), word()],
      [0, 0],
      [ah >> 31, ah >> 31],
      [Number(BigInt.asIntN(32, near)), Number(near >> 32n)],
    ][n % 4] as [number, number];
    const got = run(() => [wide(divide(al, ah, dl, dh, bl, bh), w[W.hi]!), wide(w[W.scratch]!, w[W.scratch + 1]!)]);
    const want = expected(wide(al, ah, dl, dh), wide(bl, bh), 64, signed);
    expect(got, `${[al, ah, dl, dh]} by ${[bl, bh]}`).toEqual(want);
    if (want !== 'DE') quotients++;
  }
  expect(quotients).toBeGreaterThan(2_500);
});

test.each([false, true])('32-bit division, signed: %s', (signed) => {
  const divide = signed ? idiv32 : div32;
  for (let n = 0; n < 10_000; n++) {
    const [a, b] = [word(), word()];
    const d = (n & 1) === 0 ? word() : b >>> (1 + (n % 5));
    const got = run(() => [wide(divide(a, d, b)), wide(w[W.hi]!)]);
    expect(got, `${[a, d]} by ${b}`).toEqual(expected(wide(a, d), wide(b), 32, signed));
  }
});
