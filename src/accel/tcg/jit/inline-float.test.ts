import { expect, test } from 'vitest';
import { FakeCpu } from '../../../../test/support/fake-cpu.ts';
import { IrBuilder } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import { inlineFloat } from './inline-float.ts';

const D = W.xmm;
const S = W.xmm + 4;
/** All exceptions masked and PE set: what ordinary programs have. */
const ORDINARY = 0x1fa0;
const CONTROLS = [ORDINARY, 0x1f80, 0x0fa0, 0x3fa0, 0x5fa0, 0x7fa0, 0x9fa0, 0x1fe0, 0x9fe0, 0x1fbf];
const HELPERS = 'addsd subsd mulsd divsd sqrtsd addpd subpd mulpd divpd sqrtpd ucomisd comisd'.split(' ');

const doubles = new Float64Array(1);
const bits = new BigUint64Array(doubles.buffer);
const bitsOf = (value: number): bigint => {
  doubles[0] = value;
  return bits[0]!;
};
const MAGNITUDES = [
  ...[0, 1, 3, 1 / 3, 0.5, 0.1, 2 ** 31, 2 ** 31 - 0.5, 2 ** 31 + 1, 2 ** 53 - 1, Number.MAX_VALUE, Infinity],
  ...[2 ** -1022, 2 ** -1021, 2 ** -1074, 2 ** -1022 - 2 ** -1074, 2 ** 900, 2 ** -900, 2 ** 901, 2 ** -901, 2 ** 1023],
].map(bitsOf);
const NANS = [0x7ff8_0000_0000_0000n, 0x7ff0_0000_0000_0001n, 0x7fff_ffff_ffff_ffffn];
const SIGN = 1n << 63n;
const EDGES = [...MAGNITUDES, ...NANS].flatMap((each) => [each, each | SIGN]);

/** Random bits, and random numbers near 1. */
function* randomBits(count: number): Generator<bigint> {
  let seed = 1n;
  const next = (): bigint => {
    seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n);
    return (seed >> 32n) | (BigInt.asUintN(32, seed >> 7n) << 32n);
  };
  for (let i = 0; i < count; i++) {
    const one = next();
    yield (i & 1) === 0 ? one : (one & 0x800f_ffff_ffff_ffffn) | 0x3ff0_0000_0000_0000n;
  }
}

/** Text of a call as a function of no arguments: undefined where the text says that it does not hold. */
function compile(cpu: FakeCpu, helper: string, type: 'i32' | undefined, args: (number | { known: number })[]) {
  const text = inlineFloat({ op: 'call', type, helper, args }, 'v', new IrBuilder(), {
    low: () => 'w[0]',
    high: () => 'w[1]',
  })!;
  const body = `${text.bind} let v = 0; if (!(${text.when})) return undefined; ${text.act} return v;`;
  const make = new Function('w', 'f64', `return function () { ${body} }`);
  return make(cpu.state.words, cpu.state.f64) as () => number | undefined;
}

/** Runs text and helper on the same state; true when the text was good for it. */
function agree(cpu: FakeCpu, run: () => number | undefined, helper: () => unknown, what: string): boolean {
  const { words } = cpu.state;
  const before = words.slice();
  const got = run();
  if (got === undefined) {
    if (words.some((word, i) => word !== before[i])) expect.fail(`${what}: wrote though it does not hold`);
    return false;
  }
  const [low, high, mxcsr] = [words.slice(D, D + 4), words.slice(S, S + 4), words[W.mxcsr]];
  words.set(before);
  const expected = helper();
  const same =
    low.every((word, i) => word === words[D + i]) &&
    high.every((word, i) => word === words[S + i]) &&
    mxcsr === words[W.mxcsr] &&
    (expected === undefined || expected === got);
  if (!same) expect.fail(`${what}: ${low} ${mxcsr} ${got}, not ${words.slice(D, D + 4)} ${words[W.mxcsr]} ${expected}`);
  return true;
}

function pairs(): [bigint, bigint][] {
  const random = [...randomBits(300)];
  return [
    ...EDGES.flatMap((a) => EDGES.map((b): [bigint, bigint] => [a, b])),
    ...random.map((a, i): [bigint, bigint] => [a, random[(i + 2) % random.length]!]),
  ];
}

test.each(HELPERS)('%s: bit for bit what the helper does, MXCSR too', (helper) => {
  const cpu = new FakeCpu('protected');
  const { state } = cpu;
  const type = helper.includes('comi') ? 'i32' : undefined;
  const run = compile(cpu, helper, type, [{ known: D }, { known: S }]);
  const operands = pairs();
  let fast = 0;
  for (const mxcsr of CONTROLS) {
    operands.forEach(([a, b], i) => {
      const [c, d] = operands[(i * 7 + 3) % operands.length]!;
      state.u64.set([a, c, b, d], D >> 1);
      state.words[W.mxcsr] = mxcsr;
      if (agree(cpu, run, () => cpu.call[helper]!(D, S), `${helper} ${a.toString(16)} ${b.toString(16)}`)) fast++;
    });
  }
  expect(fast).toBeGreaterThan(50);
  state.f64.set([3, 5, 7, 9], D >> 1);
  state.words[W.mxcsr] = ORDINARY;
  expect(run()).toBeDefined();
});

test('cvttsd2si: bit for bit what the helper does, MXCSR too', () => {
  const cpu = new FakeCpu('protected');
  const run = compile(cpu, 'cvttsd2si', 'i32', [{ known: D }, { known: 32 }]);
  const halves = [2.5, -0.25, -7.9, 2147483647.9, 2147483648, -2147483648.9, -2147483649].map(bitsOf);
  let fast = 0;
  for (const mxcsr of CONTROLS) {
    for (const a of [...EDGES, ...halves, ...randomBits(1000)]) {
      cpu.state.u64[D >> 1] = a;
      cpu.state.words[W.mxcsr] = mxcsr;
      if (agree(cpu, run, () => cpu.call.cvttsd2si!(D, 32), `cvttsd2si ${a.toString(16)} ${mxcsr}`)) fast++;
    }
  }
  expect(fast).toBeGreaterThan(50);
});

test('cvtsi2sd: numbers of 32 bits', () => {
  const cpu = new FakeCpu('protected');
  const { words } = cpu.state;
  const run = compile(cpu, 'cvtsi2sd', undefined, [{ known: D }, 0]);
  for (const low of [0, 1, -1, 0x7fffffff, -0x80000000, 12345678]) {
    for (const high of [0, -1, 1]) {
      words[0] = low;
      words[1] = high;
      const fits = agree(cpu, run, () => cpu.call.cvtsi2sd!(D, low, high), `cvtsi2sd ${high}:${low}`);
      expect(fits).toBe(high === low >> 31);
    }
  }
});

test('what has no text is left to the helper', () => {
  const none = (helper: string, ...args: (number | { known: number })[]) =>
    inlineFloat({ op: 'call', type: undefined, helper, args }, 'v', new IrBuilder(), { low: () => '', high: () => '' });
  expect(none('addps', { known: D }, { known: S })).toBeUndefined();
  expect(none('cvttsd2si', { known: D }, { known: 64 })).toBeUndefined();
});
