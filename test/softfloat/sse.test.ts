import { expect, it } from 'vitest';
import {
  addF32,
  addF64,
  COMPARE_FLAGS_SHIFT,
  compareFlags,
  compareMask,
  divideF32,
  divideF64,
  f32ToF64,
  f64ToF32,
  integerToSse,
  maximum,
  mergedSse,
  minimum,
  multiplyF32,
  multiplyF64,
  reciprocalF32,
  reciprocalSquareRootF32,
  roundSse,
  squareRootF32,
  squareRootF64,
  sseToInteger,
  subtractF32,
  subtractF64,
  unmaskedSse,
} from '../../src/cpu/softfloat/index.ts';
import { Random } from '../support/random.ts';
import { againstHost, hexWords } from './host.ts';

/** Each group has at least this many cases. */
const CASES = Number(process.env.SOFTFLOAT_CASES ?? 200_000);
const RECORD_WORDS = 10;
const ANSWER_WORDS = 8;
const A = 0;
const B = 4;
const D = 8;
/** Operations on binary32 stand this far above those on binary64 in sse-host.c. */
const SINGLE = 100;
const EFLAGS = 0x45;

interface Views {
  readonly words: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

interface Operation {
  readonly number: number;
  run(v: Views, mxcsr: number): number;
  /** Where the host's answer is, and how many words of it count. */
  readonly answer: 'vector' | 'integer' | 'eflags';
  readonly words: number;
}

const both = (operation: (wide: boolean, base: number) => Operation): Operation[] => [
  operation(true, 0),
  operation(false, SINGLE),
];
const vector = (number: number, wide: boolean, run: Operation['run']): Operation => ({
  number,
  run,
  answer: 'vector',
  words: wide ? 2 : 1,
});

type Binary = (v: Views, d: number, a: number, b: number, mxcsr: number) => number;
const BINARY: readonly (readonly [Binary, Binary])[] = [
  [addF64, addF32],
  [subtractF64, subtractF32],
  [multiplyF64, multiplyF32],
  [divideF64, divideF32],
];

const GROUPS: Readonly<Record<string, readonly Operation[]>> = {
  'add, subtract, multiply, divide, square root': [
    ...BINARY.flatMap((pair, n) =>
      both((wide, base) => vector(base + n, wide, (v, mxcsr) => pair[wide ? 0 : 1](v, D, A, B, mxcsr))),
    ),
    ...both((wide, base) =>
      vector(base + 4, wide, (v, mxcsr) => (wide ? squareRootF64 : squareRootF32)(v, D, A, mxcsr)),
    ),
  ],
  'minimum, maximum, comparisons': [
    ...both((wide, base) => vector(base + 5, wide, (v, mxcsr) => minimum(v, D, A, B, mxcsr, wide))),
    ...both((wide, base) => vector(base + 6, wide, (v, mxcsr) => maximum(v, D, A, B, mxcsr, wide))),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((predicate) =>
      both((wide, base) =>
        vector(base + 10 + predicate, wide, (v, mxcsr) => compareMask(v, D, A, B, mxcsr, predicate, wide)),
      ),
    ),
    ...[true, false].flatMap((signalling, n) =>
      both(
        (wide, base): Operation => ({
          number: base + 20 + n,
          run: (v, mxcsr) => {
            const result = compareFlags(v, A, B, mxcsr, signalling, wide);
            v.words[D] = result & EFLAGS;
            return result >> COMPARE_FLAGS_SHIFT;
          },
          answer: 'eflags',
          words: 1,
        }),
      ),
    ),
  ],
  conversions: [
    ...both((wide, base) =>
      vector(base + 30, wide, (v, mxcsr) => integerToSse(v, D, v.words[A + 1]!, v.words[A]!, mxcsr, wide)),
    ),
    ...(
      [
        [31, 64, false],
        [32, 64, true],
        [33, 32, false],
        [34, 32, true],
      ] as const
    ).flatMap(([number, bits, truncate]) =>
      both(
        (wide, base): Operation => ({
          number: base + number,
          run: (v, mxcsr) => sseToInteger(v, D, A, bits, mxcsr, truncate, wide),
          answer: 'integer',
          words: bits / 32,
        }),
      ),
    ),
    vector(35, false, (v, mxcsr) => f64ToF32(v, D, A, mxcsr)),
    vector(SINGLE + 35, true, (v, mxcsr) => f32ToF64(v, D, A, mxcsr)),
    ...[0, 1, 2, 3, 4, 8, 12].flatMap((immediate, n) =>
      both((wide, base) => vector(base + 40 + n, wide, (v, mxcsr) => roundSse(v, D, A, mxcsr, immediate, wide))),
    ),
  ],
};

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
const edgeExponent = (random: Random, largest: number): number =>
  random.pick([0, 1, largest - 1, largest, (largest - 1) / 2]);

function exponentNear(random: Random, largest: number, centre: number, spread: number): number {
  const shape = random.below(8);
  if (shape === 0) return edgeExponent(random, largest);
  if (shape === 1) return random.below(largest);
  return Math.min(largest, Math.max(0, centre + random.below(2 * spread) - spread));
}

/** Low and high word of a binary64. */
function double(random: Random, centre: number): [number, number] {
  if (random.below(16) === 0) return [random.word(), random.word()];
  const top = (random.word() & 0x80000000) | (exponentNear(random, 0x7ff, centre, 70) << 20);
  const shape = random.below(6);
  if (shape === 0) return [random.below(3), top];
  if (shape === 1) return [-1 << random.below(32), top | 0xfffff];
  if (shape === 2) return [0, top | (1 << random.below(20))];
  return [shape === 3 ? 0 : random.word(), top | (random.word() & 0xfffff)];
}

function single(random: Random, centre: number): [number, number] {
  if (random.below(16) === 0) return [random.word(), random.word()];
  const top = (random.word() & 0x80000000) | (exponentNear(random, 0xff, centre, 30) << 23);
  const shape = random.below(6);
  if (shape === 0) return [top | random.below(3), 0];
  if (shape === 1) return [top | (0x7fffff & (-1 << random.below(20))), 0];
  return [top | (shape === 2 ? 1 << random.below(23) : random.word() & 0x7fffff), 0];
}

const DOUBLE_CENTRES = [0x3ff, 0x3ff, 0x3ff + 31, 0x3ff + 62, 200, 1800, 0x3ff - 126, 0x3ff + 127];
const SINGLE_CENTRES = [127, 127, 127 + 31, 30, 220, 127 + 62];

function generate({ number }: Operation, random: Random, count: number): Int32Array {
  const records = new Int32Array(count * RECORD_WORDS);
  const wide = number < SINGLE;
  for (let n = 0; n < count; n++) {
    const centre = random.pick(wide ? DOUBLE_CENTRES : SINGLE_CENTRES);
    const one = wide ? double : single;
    const a = number % SINGLE === 30 ? [random.word(), random.word() >> random.below(32)] : one(random, centre);
    const b = random.below(7) === 0 ? a : one(random, random.below(2) === 0 ? centre : wide ? 0x3ff : 127);
    const masks = random.below(5) === 0 ? random.below(64) : 0x3f;
    const modes = random.below(3) === 0 ? random.pick([0x40, 0x8000, 0x8040]) : 0;
    const rounding = random.below(2) === 0 ? random.below(4) << 13 : 0;
    const sticky = random.below(8) === 0 ? random.below(64) & masks : 0;
    records.set([number, (masks << 7) | modes | rounding | sticky, a[0]!, a[1]!, 0, 0, b[0]!, b[1]!], n * RECORD_WORDS);
  }
  return records;
}

function views(): Views {
  const buffer = new ArrayBuffer(128);
  return { words: new Int32Array(buffer), f32: new Float32Array(buffer), f64: new Float64Array(buffer) };
}

function differences(operation: Operation, records: Int32Array, answers: Int32Array): string[] {
  const wrong: string[] = [];
  const v = views();
  for (let n = 0; n < records.length / RECORD_WORDS; n++) {
    const record = records.subarray(n * RECORD_WORDS, (n + 1) * RECORD_WORDS);
    const answer = answers.subarray(n * ANSWER_WORDS, (n + 1) * ANSWER_WORDS);
    const mxcsr = record[1]!;
    v.words.set(record.subarray(2), A);
    const raised = operation.run(v, mxcsr);
    const flags = mergedSse(raised, mxcsr) | (mxcsr & 0x3f);
    const traps = unmaskedSse(raised, mxcsr) !== 0;
    const from = operation.answer === 'vector' ? 0 : 4;
    const mask = operation.answer === 'eflags' ? EFLAGS : -1;
    let same = flags === (answer[6]! & 0x3f) && traps === (answer[7] !== 0);
    for (let i = 0; i < operation.words && !traps; i++) same &&= v.words[D + i] === (answer[from + i]! & mask);
    if (!same && wrong.length < 10) {
      wrong.push(
        `operation ${operation.number} mxcsr ${mxcsr.toString(16)} a ${hexWords(record, 2)} b ${hexWords(record, 6)}: ` +
          `host ${hexWords(answer, from)} ${hex(answer[6]!)}, here ${hexWords(v.words, D)} ${hex(flags)}`,
      );
    }
  }
  return wrong;
}

againstHost('SSE scalars', 'sse-host.c', (host, seed) => {
  it.each(Object.keys(GROUPS))('%s', (group) => {
    const operations = GROUPS[group]!;
    const count = Math.ceil(CASES / operations.length);
    const wrong = operations.flatMap((operation) => {
      const records = generate(operation, new Random(seed + operation.number), count);
      const answers = host.run(new Uint8Array(records.buffer));
      return differences(operation, records, new Int32Array(answers.buffer, answers.byteOffset, count * ANSWER_WORDS));
    });
    expect(wrong).toEqual([]);
  });

  it('reciprocals stay as near to the host as the error allowed to both', () => {
    const random = new Random(seed);
    const v = views();
    for (const [number, run] of [
      [150, reciprocalF32],
      [151, reciprocalSquareRootF32],
    ] as const) {
      const records = generate({ number } as Operation, random, 20_000);
      const answers = host.run(new Uint8Array(records.buffer));
      const host32 = new Float32Array(answers.buffer, answers.byteOffset);
      for (let n = 0; n < 20_000; n++) {
        v.words.set(records.subarray(n * RECORD_WORDS + 2, n * RECORD_WORDS + 4), A);
        run(v, D, A);
        const want = host32[n * ANSWER_WORDS]!;
        // At the smallest normal number one may flush to zero what the other does not.
        const allowed = Math.max(3 * 2 ** -12 * Math.abs(want), 2 ** -126);
        const near = Object.is(v.f32[D], want) || Math.abs(v.f32[D]! - want) <= allowed;
        if (!near) expect(`${v.f32[A]} gives ${v.f32[D]}`).toBe(`${want}`);
      }
    }
  });
});
