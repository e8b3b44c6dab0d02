import { describe, expect, it } from 'vitest';
import { LIBRARY } from './lib.ts';
import { OPS, PURE_NAMES, type PureName, type PureOp } from './ops.ts';

type Scalar = number | bigint;
type Printed = (...halves: number[]) => readonly [low: number, high: number];

const EDGES_32 = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000, -0x7fffffff, -2, -1];
const EDGES_64 = EDGES_32.flatMap((high) => EDGES_32.map((low) => [low, high] as const));
const ROUNDS = 300;

/** A small linear congruential generator: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state ^ (state >>> 15);
  };
}

/** The `js` column as a function of its arguments' halves. */
function compile(op: PureOp): Printed {
  const names = op.args.map((_, n) => ({ l: `a${n}l`, h: `a${n}h` }));
  const [low, high] = op.js({ l: 'outl', h: 'outh' }, ...names);
  const make = new Function(
    ...Object.keys(LIBRARY),
    `"use strict"; return (${names.map(({ l, h }) => `${l}, ${h}`).join(', ')}) => {
      const outl = ${low}; const outh = ${high ?? '0'}; return [outl, outh];
    }`,
  );
  return make(...Object.values(LIBRARY)) as Printed;
}

const join = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

function check(name: PureName, printed: Printed, args: (readonly [number, number])[]): void {
  const op = OPS[name] as PureOp;
  const values: Scalar[] = op.args.map((type, n) => (type === 'i64' ? join(...args[n]!) : args[n]![0]));
  const expected = (op.eval as (...args: Scalar[]) => Scalar)(...values);
  const [low, high] = printed(...op.args.flatMap((_, n) => args[n]!));
  const got = op.type === 'i64' ? join(low, high) : low;
  const integers =
    op.type === 'i64' ? Number.isInteger(low) && high === (high | 0) && low === (low | 0) : low === (low | 0);
  expect(integers, `${name}(${values}) is not made of int32 numbers: ${low}, ${high}`).toBe(true);
  expect(got, `${name}(${values})`).toBe(expected);
}

describe('the two columns of the op table agree', () => {
  it.each(PURE_NAMES)('%s', (name) => {
    const printed = compile(OPS[name] as PureOp);
    const random = generator(name.length * 7919);
    for (let round = 0; round < ROUNDS; round++) {
      const pick = (): readonly [number, number] =>
        (random() & 3) === 0 ? [random(), random()] : EDGES_64[(random() >>> 0) % EDGES_64.length]!;
      const third = name === 'adc64' || name === 'sbb64' ? ([random() & 1, 0] as const) : pick();
      check(name, printed, [pick(), pick(), third]);
    }
  });
});
