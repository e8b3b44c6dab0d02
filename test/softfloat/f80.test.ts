import { expect, it } from 'vitest';
import {
  addF80,
  bcdToF80,
  compareF80,
  divideF80,
  examineF80,
  extractF80,
  f32ToF80,
  f64ToF80,
  f80ToBcd,
  f80ToF32,
  f80ToF64,
  f80ToInteger,
  integerToF80,
  loadConstant,
  multiplyF80,
  remainderF80,
  roundF80,
  scaleF80,
  squareRootF80,
  subtractF80,
} from '../../src/cpu/softfloat/index.ts';
import { Random } from '../support/random.ts';
import { againstHost, hexWords } from './host.ts';
import { edges, type F80, randomF80 } from './operands-f80.ts';

/** Each group has at least this many cases, and compares every one of them. */
const CASES = Number(process.env.SOFTFLOAT_CASES ?? 200_000);
const RECORD_WORDS = 10;
/** Word indices of the operands, the result and a second result. */
const A = 0;
const B = 4;
const RESULT = 8;
const SECOND = 12;
const ZERO = 16;
const FLAGS = 0x23f;
const CONDITIONS = 0x473f;
const SENTINEL = 0xa5a5a5a5 | 0;

interface Operation {
  /** Number in x87-host.c. */
  readonly number: number;
  readonly name: string;
  run(w: Int32Array, cw: number): number;
  /** Words of the result that count; 0 when only the flags do. */
  readonly words: number;
  readonly flags: number;
  operands(random: Random): readonly [F80, F80];
  readonly second?: boolean;
}

function pair(random: Random): readonly [F80, F80] {
  const a = random.below(3) === 0 ? random.pick(edges) : randomF80(random);
  if (random.below(3) === 0) return [a, random.pick(edges)];
  return [a, randomF80(random, random.below(5) === 0 ? 0x3fff : a[0] & 0x7fff)];
}

function apart(random: Random): readonly [F80, F80] {
  const [a, b] = pair(random);
  return random.below(2) === 0 ? [a, b] : [a, randomF80(random, (a[0] & 0x7fff) - random.below(140))];
}

function scaled(random: Random): readonly [F80, F80] {
  const [a, b] = pair(random);
  if (random.below(2) === 0) return [a, b];
  return [a, [(0x3fff + random.below(17)) | (random.word() & 0x8000), random.word() | 0x80000000, random.word()]];
}

const CENTRES = [-127, 127, 1023, -1023, 0, 16, 31, 63].map((n) => 0x3fff + n);
function stored(random: Random): readonly [F80, F80] {
  return [random.below(3) === 0 ? random.pick(edges) : randomF80(random, random.pick(CENTRES)), edges[0]!];
}

const bits =
  (exponents: readonly number[], shift: number, fraction: number) =>
  (random: Random): readonly [F80, F80] => {
    const low = random.below(3) === 0 ? random.below(3) : random.word();
    if (random.below(2) === 0) return [[0, random.word(), random.word()], edges[0]!];
    const top = (random.word() & 0x80000000) | (random.pick(exponents) << shift);
    return [shift === 23 ? [0, 0, top | (low & fraction)] : [0, top | (random.word() & fraction), low], edges[0]!];
  };
const singles = bits([0, 1, 254, 255], 23, 0x7fffff);
const doubles = bits([0, 1, 0x7fe, 0x7ff], 20, 0xfffff);
const integers = (random: Random): readonly [F80, F80] => [
  [0, random.word() >> random.below(32), random.word()],
  edges[0]!,
];
function decimals(random: Random): readonly [F80, F80] {
  const digits = (count: number): number => Number.parseInt(String(random.below(10 ** count)), 16);
  const word = (): number => (digits(4) << 16) | digits(4);
  return [[(random.word() & 0x8000) | digits(2), word(), word()], edges[0]!];
}

const arithmetic = (
  number: number,
  name: string,
  run: (w: Int32Array, d: number, a: number, b: number, cw: number) => number,
  more: Partial<Operation> = {},
): Operation => ({
  number,
  name,
  run: (w, cw) => run(w, RESULT, A, B, cw),
  words: 3,
  flags: FLAGS,
  operands: pair,
  ...more,
});
const store = (number: number, name: string, words: number, run: Operation['run']): Operation => ({
  number,
  name,
  run,
  words,
  flags: FLAGS,
  operands: stored,
});
const load = (number: number, name: string, operands: Operation['operands'], run: Operation['run']): Operation => ({
  number,
  name,
  run,
  words: 3,
  flags: FLAGS,
  operands,
});
const compares = (number: number, name: string, flags: number, run: Operation['run']): Operation => ({
  number,
  name,
  run,
  words: 0,
  flags,
  operands: pair,
});
const exactLoad =
  (run: (w: Int32Array) => void): Operation['run'] =>
  (w) => {
    run(w);
    return 0;
  };
const REMAINDER = { flags: CONDITIONS | 0x200, operands: apart };

const GROUPS: Readonly<Record<string, readonly Operation[]>> = {
  'add, subtract, multiply, divide, square root': [
    arithmetic(0, 'FADD', addF80),
    arithmetic(1, 'FSUB', subtractF80),
    arithmetic(2, 'FMUL', multiplyF80),
    arithmetic(3, 'FDIV', divideF80),
    arithmetic(4, 'FSQRT', (w, d, a, _b, cw) => squareRootF80(w, d, a, cw)),
  ],
  'remainder, round, scale, extract': [
    arithmetic(5, 'FPREM', (w, d, a, b, cw) => remainderF80(w, d, a, b, cw, false), REMAINDER),
    arithmetic(6, 'FPREM1', (w, d, a, b, cw) => remainderF80(w, d, a, b, cw, true), REMAINDER),
    arithmetic(7, 'FRNDINT', (w, d, a, _b, cw) => roundF80(w, d, a, cw)),
    arithmetic(8, 'FSCALE', scaleF80, { operands: scaled }),
    arithmetic(9, 'FXTRACT', (w, d, a, _b, cw) => extractF80(w, SECOND, d, a, cw), { second: true }),
  ],
  'compare and classify': [
    compares(10, 'FCOM', CONDITIONS, (w) => compareF80(w, A, B, false)),
    compares(11, 'FUCOM', CONDITIONS, (w) => compareF80(w, A, B, true)),
    compares(12, 'FTST', CONDITIONS, (w) => compareF80(w, A, ZERO, false)),
    compares(13, 'FXAM', CONDITIONS | 0x200, (w) => examineF80(w, A, false)),
  ],
  loads: [
    load(20, 'FLD m32fp', singles, (w, cw) => f32ToF80(w, RESULT, A, cw)),
    load(21, 'FLD m64fp', doubles, (w, cw) => f64ToF80(w, RESULT, A, cw)),
    load(
      22,
      'FILD m16int',
      integers,
      exactLoad((w) => integerToF80(w, RESULT, (w[A]! << 16) >> 31, (w[A]! << 16) >> 16)),
    ),
    load(
      23,
      'FILD m32int',
      integers,
      exactLoad((w) => integerToF80(w, RESULT, w[A]! >> 31, w[A]!)),
    ),
    load(
      24,
      'FILD m64int',
      integers,
      exactLoad((w) => integerToF80(w, RESULT, w[A + 1]!, w[A]!)),
    ),
    load(
      25,
      'FBLD',
      decimals,
      exactLoad((w) => bcdToF80(w, RESULT, A)),
    ),
    ...[0, 1, 2, 3, 4, 5, 6].map((index) =>
      load(40 + index, `constant ${index}`, pair, (w, cw) => {
        loadConstant(w, RESULT, index, cw);
        return 0;
      }),
    ),
  ],
  stores: [
    store(30, 'FST m32fp', 1, (w, cw) => f80ToF32(w, RESULT, A, cw)),
    store(31, 'FST m64fp', 2, (w, cw) => f80ToF64(w, RESULT, A, cw)),
    store(32, 'FIST m16int', 0.5, (w, cw) => f80ToInteger(w, RESULT, A, 16, cw, false)),
    store(33, 'FIST m32int', 1, (w, cw) => f80ToInteger(w, RESULT, A, 32, cw, false)),
    store(34, 'FISTP m64int', 2, (w, cw) => f80ToInteger(w, RESULT, A, 64, cw, false)),
    store(35, 'FISTTP m16int', 0.5, (w, cw) => f80ToInteger(w, RESULT, A, 16, cw, true)),
    store(36, 'FISTTP m32int', 1, (w, cw) => f80ToInteger(w, RESULT, A, 32, cw, true)),
    store(37, 'FISTTP m64int', 2, (w, cw) => f80ToInteger(w, RESULT, A, 64, cw, true)),
    store(38, 'FBSTP', 2.5, (w, cw) => f80ToBcd(w, RESULT, A, cw)),
  ],
};

/** Whether the first `words` (the last may be a half) words of the result agree. */
function agrees(w: Int32Array, at: number, answer: Int32Array, from: number, words: number): boolean {
  for (let i = 0; i < Math.floor(words); i++) {
    const mask = i === 2 ? 0xffff : -1;
    if ((w[at + i]! & mask) !== (answer[from + i]! & mask)) return false;
  }
  return words % 1 === 0 || ((w[at + Math.floor(words)]! ^ answer[from + Math.floor(words)]!) & 0xffff) === 0;
}

function generate(operation: Operation, random: Random, count: number): Int32Array {
  const records = new Int32Array(count * RECORD_WORDS);
  for (let n = 0; n < count; n++) {
    const [a, b] = operation.operands(random);
    const masks = random.below(4) === 0 ? random.below(64) : 0x3f;
    const cw = 0x40 | masks | (random.below(4) << 10) | (random.below(4) << 8);
    records.set([operation.number, cw, a[2], a[1], a[0], 0, b[2], b[1], b[0], 0], n * RECORD_WORDS);
  }
  return records;
}

function differences(operation: Operation, records: Int32Array, answers: Int32Array): string[] {
  const wrong: string[] = [];
  const w = new Int32Array(20);
  const loadsFromMemory = operation.operands !== stored && operation.number >= 20;
  for (let n = 0; n < records.length; n += RECORD_WORDS) {
    const record = records.subarray(n, n + RECORD_WORDS);
    const answer = answers.subarray(n, n + RECORD_WORDS);
    const cw = record[1]!;
    w.set(record.subarray(2), A);
    if (operation.operands === stored) w.fill(SENTINEL, RESULT, SECOND);
    else w.set(w.subarray(A, A + 3), RESULT);
    const flags = operation.run(w, cw);
    const status = answer[8]! & operation.flags;
    // A load that an unmasked exception stops leaves nothing to compare.
    const words = loadsFromMemory && (flags & ~cw & 1) !== 0 ? 0 : operation.words;
    const blocked = (flags & ~cw & 7) !== 0;
    const same =
      flags === status &&
      agrees(w, RESULT, answer, 0, words) &&
      (operation.second !== true || blocked || agrees(w, SECOND, answer, 4, 3));
    if (!same && wrong.length < 10) {
      wrong.push(
        `${operation.name} cw ${cw.toString(16)} a ${hexWords(record, 2)} b ${hexWords(record, 6)}: ` +
          `host ${hexWords(answer, 0)} ${status.toString(16)}, here ${hexWords(w, RESULT)} ${flags.toString(16)}`,
      );
    }
  }
  return wrong;
}

againstHost('f80', 'x87-host.c', (host, seed) => {
  it.each(Object.keys(GROUPS))('%s', (group) => {
    const operations = GROUPS[group]!;
    const count = Math.ceil(CASES / operations.length);
    const wrong = operations.flatMap((operation) => {
      const records = generate(operation, new Random(seed + operation.number), count);
      const answers = host.run(new Uint8Array(records.buffer));
      return differences(operation, records, new Int32Array(answers.buffer, answers.byteOffset, records.length));
    });
    expect(wrong).toEqual([]);
  });
});
