import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addF80, compareF80, divideF80, multiplyF80, subtractF80 } from '../../../cpu/softfloat/index.ts';
import { C0, C1, C3 } from '../../../cpu/softfloat/status.ts';
import { CpuState, W } from '../../../cpu/state.ts';
import { GuestRam } from '../../../memory/ram.ts';
import { x87Unit } from './unit.ts';

const USUAL = 0x37f;
const [A, B, D] = [W.st, W.st + 4, W.st + 8];
const RUNS = 20_000;

const ram = GuestRam.allocate(65_536, 0, 65_536);
const { words: w } = new CpuState(ram.takeSpare());
const plain = new CpuState().words;
const UNITS = {
  WebAssembly: { w, unit: x87Unit(w, ram.memory) },
  JavaScript: { w: plain, unit: x87Unit(plain, undefined) },
};
const soft = new CpuState().words;

const OPERATIONS = { add: addF80, subtract: subtractF80, multiply: multiplyF80, divide: divideF80 } as const;

/** Words at whose ends carries happen. */
const word = fc.oneof(fc.constantFrom(0, 1, -1, -2, -0x80000000, 0x7fffffff), fc.integer());
const near = fc.oneof(
  fc.constantFrom(0, 1, 2, 31, 32, 33, 62, 63, 64, 65, 66, 67, 95, 96, 127, 128, 129, 300),
  fc.nat(70),
);
const exponent = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .record({ from: fc.constantFrom(0x3fff, 0x4010, 2, 0x7ffe, 0x2000, 0x5fff), by: near })
      .map(({ from, by }) => from - by),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 0x7ffd, 0x7ffe, 0x7fff) },
);
/** Sign and exponent, and a significand that mostly has its integer bit. */
const number = fc
  .tuple(word, word, fc.integer({ min: 0, max: 30 }), exponent, fc.boolean())
  .map(
    ([lo, hi, odd, exp, negative]) =>
      [lo, odd === 0 ? hi : hi | -0x80000000, (exp & 0x7fff) | (negative ? 0x8000 : 0)] as const,
  );
const zero = fc.constantFrom([0, 0, 0] as const, [0, 0, 0x8000] as const);
/** The second one is often the first but for its last bits, so that much cancels. */
const pair = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(number, number) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(number, zero), fc.oneof(number, zero)) },
  fc
    .tuple(number, fc.integer({ min: -2, max: 2 }), fc.integer({ min: -1, max: 1 }), fc.boolean())
    .map(([a, by, exp, negate]) => {
      const b = [(a[0] + by) | 0, a[1], ((a[2] + exp) & 0x7fff) | ((a[2] & 0x8000) ^ (negate ? 0x8000 : 0))] as const;
      return [a, b] as [typeof a, typeof b];
    }),
);

test.each(
  Object.entries(UNITS).flatMap(([kind, unit]) =>
    (Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]).map((name) => [kind, name, unit] as const),
  ),
)('%s: %s is softfloat, or does nothing', (kind, name, { w: words, unit }) => {
  let done = 0;
  fc.assert(
    fc.property(pair, fc.constantFrom(A, B, D), fc.constantFrom(0, C1, 0x3820), ([a, b], d, status) => {
      words.set(a, A);
      words.set(b, B);
      words.set([1, 2, 3], D);
      words[W.fcw] = USUAL;
      words[W.fsw] = status;
      soft.set(words);
      if (unit[name](d, A, B) !== 0) {
        done++;
        soft[W.fsw] = (status & ~C1) | OPERATIONS[name](soft, d, A, B, USUAL);
      }
      expect([words[W.fsw], ...words.subarray(A, D + 4)]).toEqual([soft[W.fsw], ...soft.subarray(A, D + 4)]);
    }),
    { numRuns: RUNS },
  );
  if (kind === 'JavaScript' && name === 'divide') expect(done).toBe(0);
  else expect(done).toBeGreaterThan(RUNS / 2);
});

test.each(Object.entries(UNITS))('%s: order is softfloat, or does nothing', (_, { w: words, unit }) => {
  let done = 0;
  fc.assert(
    fc.property(pair, ([a, b]) => {
      words.set(a, A);
      words.set(b, B);
      const order = unit.order(A, B);
      if (order === -2) return;
      done++;
      expect(order === 0 ? C3 : order < 0 ? C0 : 0).toBe(compareF80(words, A, B, false));
    }),
    { numRuns: RUNS },
  );
  expect(done).toBeGreaterThan(RUNS / 2);
});

test('numbers and zeros have an order in WebAssembly', () => {
  const { unit } = UNITS.WebAssembly;
  const values = [-3, -2, -0, 0, 2, 3].map((x) => [
    0,
    x === 0 ? 0 : Math.abs(x) === 3 ? -0x40000000 : -0x80000000,
    (x === 0 ? 0 : 0x4000) | (1 / x < 0 ? 0x8000 : 0),
  ]);
  const orders = values.map((a) =>
    values.map((b) => {
      w.set(a, A);
      w.set(b, B);
      return unit.order(A, B);
    }),
  );
  expect(orders).toEqual([
    [0, -1, -1, -1, -1, -1],
    [1, 0, -1, -1, -1, -1],
    [1, 1, 0, 0, -1, -1],
    [1, 1, 0, 0, -1, -1],
    [1, 1, 1, 1, 0, -1],
    [1, 1, 1, 1, 1, 0],
  ]);
});
