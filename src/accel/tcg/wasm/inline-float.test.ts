import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeCpu } from '../../../../test/support/fake-cpu.ts';
import { InlineCode } from '../../../../test/support/inline-code.ts';
import { isGuestFault } from '../../../cpu/fault.ts';
import { W } from '../../../cpu/state.ts';
import { CONVERSIONS } from './inline-conversion.ts';
import { FLOATS } from './inline-float.ts';
import { PACKED_FLOATS } from './inline-packed.ts';

const ALL = { ...FLOATS, ...PACKED_FLOATS, ...CONVERSIONS };
const D = W.xmm;
const S = W.xmm + 4;
/** All exceptions masked and PE set: what ordinary programs have. */
const ORDINARY = 0x1fa0;
/** Others: PE not set, unmasked exceptions, rounding modes, FTZ, DAZ. */
const mxcsrs = fc.oneof(
  fc.constant(ORDINARY),
  fc.constantFrom(0x1f80, 0x0fa0, 0x3fa0, 0x5fa0, 0x7fa0, 0x9fa0, 0x1fe0, 0x9fe0, 0x1fbf, 0x1020),
  fc.integer({ min: 0, max: 0xffff }),
);

/** Bits of a number with so many bits of exponent and fraction: edges, numbers near 1 and any. */
function numbers(exponent: number, fraction: number): fc.Arbitrary<bigint> {
  const bits = BigInt(1 + exponent + fraction);
  const unit = 1n << BigInt(fraction);
  const bias = (1n << BigInt(exponent - 1)) - 1n;
  const most = ((1n << BigInt(exponent)) - 1n) * unit;
  const one = bias * unit;
  const edges = [
    0n,
    1n,
    unit - 1n,
    unit,
    unit + 1n,
    2n * unit - 1n,
    2n * unit,
    one,
    one + 1n,
    most - 1n,
    most,
    most + 1n,
  ];
  const magnitudes = fc.oneof(
    fc.constantFrom(...edges, most + unit / 2n),
    fc.bigInt(0n, most + unit - 1n),
    fc.bigInt(one - 3n * unit, one + 3n * unit),
    fc.bigInt(0n, 40n * unit),
    fc.bigInt(0n, 64n).map((n) => one + n * unit + (((n * unit) / 3n) % unit)),
    fc.bigInt(-2n, 2n).map((n) => one / 2n + n * unit),
  );
  return fc.tuple(magnitudes, fc.boolean()).map(([x, negative]) => x | (negative ? 1n << (bits - 1n) : 0n));
}
const doubles = fc.oneof(
  { arbitrary: numbers(11, 52), weight: 3 },
  // Those at the ends of single precision.
  fc
    .tuple(fc.constantFrom(1, 897, 896, 873, 872, 1150, 1151), fc.bigInt(-2n, 2n), fc.bigInt(-2n, 2n))
    .map(([exponent, n, m]) => BigInt.asUintN(64, (BigInt(exponent) << 52n) + (n << 28n) + m)),
);
const singles = numbers(8, 23);
const fourSingles = fc
  .tuple(singles, singles, singles, singles)
  .map(([a, b, c, d]): [bigint, bigint] => [a | (b << 32n), c | (d << 32n)]);
const operandOf = (helper: string) =>
  /s[sd]2|s[sd]$|p[sd]$/.exec(helper)![0].includes('d') ? fc.tuple(doubles, doubles) : fourSingles;

/** Runs code and helper on the same state: they agree, or the code leaves it to the helper. True when it did not. */
function agree(cpu: FakeCpu, run: () => bigint | undefined, helper: () => number, bits: 32 | 64): boolean {
  const { words } = cpu.state;
  const before = words.slice();
  const got = run();
  if (got === undefined) return false;
  const after = words.slice();
  words.set(before);
  let expected: number;
  try {
    expected = helper();
  } catch (fault) {
    if (!isGuestFault(fault)) throw fault;
    return expect.fail('the helper raises a fault');
  }
  expect(after.slice(W.xmm, W.scratch)).toEqual(words.slice(W.xmm, W.scratch));
  expect(after[W.mxcsr]).toBe(words[W.mxcsr]);
  if (expected === undefined) return true;
  const high = bits === 64 ? BigInt(words[W.hi]! >>> 0) << 32n : 0n;
  expect(got).toBe(high | BigInt(expected >>> 0));
  return true;
}

const ARITHMETIC = ['add', 'sub', 'mul', 'div', 'sqrt'].flatMap((name) =>
  ['ss', 'sd', 'ps', 'pd'].map((form) => name + form),
);

test.each([...ARITHMETIC, 'ucomiss', 'comiss', 'ucomisd', 'comisd', 'cvtss2sd', 'cvtsd2ss'])(
  '%s: as the helper, MXCSR too',
  (helper) => {
    const cpu = new FakeCpu('long');
    const { u64, words } = cpu.state;
    const code = new InlineCode(ALL[helper]!, helper, helper.includes('comi') ? 'i32' : undefined, [
      { known: D },
      { known: S },
    ]);
    let fast = 0;
    fc.assert(
      fc.property(operandOf(helper), operandOf(helper), mxcsrs, (a, b, mxcsr) => {
        u64.set([...a, ...b], D >> 1);
        words[W.mxcsr] = mxcsr;
        if (
          agree(
            cpu,
            () => code.run(words),
            () => cpu.call[helper]!(D, S),
            32,
          )
        )
          fast++;
      }),
      { numRuns: 2000 },
    );
    expect(fast).toBeGreaterThan(10);
  },
);

test.each(ARITHMETIC)('%s: numbers of ordinary programs need no helper', (helper) => {
  const { state } = new FakeCpu('long');
  const code = new InlineCode(ALL[helper]!, helper, undefined, [{ known: D }, { known: S }]);
  state.words[W.mxcsr] = ORDINARY;
  const set = helper.endsWith('d')
    ? (x: number, at: number) => (state.f64[at >> 1] = x)
    : (x: number, at: number) => (state.f32[at] = x);
  for (const [x, y] of [
    [3, 7],
    [0, 7],
    [0.1, 0.1],
  ] as const) {
    for (let i = 0; i < 4; i++) {
      set(x, D + i);
      set(y, S + i);
    }
    expect(code.run(state.words), `${x} ${y}`).toBe(0n);
  }
});

test.each([32, 64] as const)('cvttsd2si to %i bits: as the helper, MXCSR too', (bits) => {
  const cpu = new FakeCpu('long');
  const { words, u64, f64 } = cpu.state;
  const code = new InlineCode(CONVERSIONS.cvttsd2si!, 'cvttsd2si', bits === 64 ? 'i64' : 'i32', [
    { known: D },
    { known: bits },
  ]);
  const whole = fc.bigInt(-(2n ** 64n), 2n ** 64n).map(Number);
  const near = fc
    .integer({ min: -2048, max: 2048 })
    .chain((n) => fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 63, -(2 ** 63)).map((x) => x + n));
  const inputs = fc.oneof(
    doubles,
    whole,
    near,
    near.map((x) => x + 0.5),
    fc.double({ min: -10, max: 10 }),
  );
  let fast = 0;
  fc.assert(
    fc.property(inputs, mxcsrs, (x, mxcsr) => {
      if (typeof x === 'bigint') u64[D >> 1] = x;
      else f64[D >> 1] = x;
      words[W.mxcsr] = mxcsr;
      if (
        agree(
          cpu,
          () => code.run(words),
          () => cpu.call.cvttsd2si!(D, bits),
          bits,
        )
      )
        fast++;
    }),
    { numRuns: 5000 },
  );
  expect(fast).toBeGreaterThan(100);
});

test('cvtsi2sd: as the helper, MXCSR too', () => {
  const cpu = new FakeCpu('long');
  const { words } = cpu.state;
  const code = new InlineCode(CONVERSIONS.cvtsi2sd!, 'cvtsi2sd', undefined, [{ known: D }, 'i64']);
  const near = fc
    .bigInt(-3n, 3n)
    .chain((n) => fc.constantFrom(0n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 4n, -(2n ** 63n) + 3n).map((x) => x + n));
  let fast = 0;
  fc.assert(
    fc.property(fc.oneof(near, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), mxcsrs, (x, mxcsr) => {
      words[W.mxcsr] = mxcsr;
      const [low, high] = [Number(BigInt.asIntN(32, x)), Number(BigInt.asIntN(32, x >> 32n))];
      if (
        agree(
          cpu,
          () => code.run(words, 0n, x),
          () => cpu.call.cvtsi2sd!(D, low, high),
          32,
        )
      )
        fast++;
    }),
    { numRuns: 2000 },
  );
  expect(fast).toBeGreaterThan(50);
});
