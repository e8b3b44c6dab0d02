import { expect, it } from 'vitest';
import {
  arctangent,
  cosine,
  exp2Minus1,
  sine,
  sineCosine,
  tangent,
  yLog2X,
  yLog2XPlus1,
} from '../../src/cpu/softfloat/index.ts';
import { Random } from '../support/random.ts';
import { againstHost, hexWords } from './host.ts';
import { edges, type F80, randomF80 } from './operands-f80.ts';

const CASES = Number(process.env.SOFTFLOAT_CASES ?? 200_000) / 20;
const RECORD_WORDS = 10;
const X = 0;
const Y = 4;
const RESULT = 8;
const SECOND = 12;
/** IE DE ZE OE UE PE and C2. C1 follows the last place, which may differ. */
const FLAGS = 0x43f;
const C2 = 0x400;

interface Operation {
  readonly number: number;
  readonly name: string;
  run(w: Int32Array, cw: number): number;
  /** Where the host's answers are: in ST(0), or the first in ST(1) and the second in ST(0) after a push. */
  readonly pushes?: true;
  readonly two?: true;
  readonly operand?: (random: Random) => F80;
}

const fraction = (random: Random): F80 => [
  (0x3ffe - random.below(8)) | (random.word() & 0x8000),
  random.word() | 0x80000000,
  random.word(),
];
const nearOne = (random: Random): F80 => [
  0x3fff - random.below(2),
  random.below(2) === 0 ? 0x80000000 | (random.word() >>> random.below(32)) : -1 << random.below(31),
  random.word(),
];

const OPERATIONS: readonly Operation[] = [
  { number: 50, name: 'F2XM1', run: (w, cw) => exp2Minus1(w, RESULT, X, cw), operand: fraction },
  { number: 51, name: 'FYL2X', run: (w, cw) => yLog2X(w, RESULT, Y, X, cw), operand: nearOne },
  { number: 52, name: 'FYL2XP1', run: (w, cw) => yLog2XPlus1(w, RESULT, Y, X, cw), operand: fraction },
  { number: 53, name: 'FPTAN', run: (w, cw) => tangent(w, RESULT, X, cw), pushes: true },
  { number: 54, name: 'FPATAN', run: (w, cw) => arctangent(w, RESULT, Y, X, cw) },
  { number: 55, name: 'FSIN', run: (w, cw) => sine(w, RESULT, X, cw) },
  { number: 56, name: 'FCOS', run: (w, cw) => cosine(w, RESULT, X, cw) },
  { number: 57, name: 'FSINCOS', run: (w, cw) => sineCosine(w, RESULT, SECOND, X, cw), pushes: true, two: true },
];

/** An 80-bit number as an integer that counts units in the last place. */
function ordinal(words: Int32Array, at: number): bigint {
  const biased = words[at + 2]! & 0x7fff;
  const significand = (BigInt(words[at + 1]! >>> 0) << 32n) | BigInt(words[at]! >>> 0);
  const magnitude = significand + (biased > 0 ? BigInt(biased - 1) << 63n : 0n);
  return (words[at + 2]! & 0x8000) !== 0 ? -magnitude : magnitude;
}

function distance(a: Int32Array, atA: number, b: Int32Array, atB: number): number {
  const difference = ordinal(a, atA) - ordinal(b, atB);
  return Math.abs(Number(difference));
}

function generate(operation: Operation, random: Random, count: number): Int32Array {
  const records = new Int32Array(count * RECORD_WORDS);
  for (let n = 0; n < count; n++) {
    const centre = random.pick([0x3fff, 0x3ffe, 0x3ffd, 0x3ff0, 0x3fff, 0x4004]);
    let x = random.below(4) === 0 ? random.pick(edges) : randomF80(random, centre);
    if (operation.operand !== undefined && random.below(3) === 0) x = operation.operand(random);
    const y =
      random.below(4) === 0 ? random.pick(edges) : randomF80(random, random.below(3) === 0 ? 0x3fff : x[0] & 0x7fff);
    const masks = random.below(5) === 0 ? random.below(64) : 0x3f;
    const rounding = random.below(3) === 0 ? random.below(4) : 0;
    const cw = 0x40 | masks | (rounding << 10) | (random.below(4) << 8);
    records.set([operation.number, cw, x[2], x[1], x[0], 0, y[2], y[1], y[0], 0], n * RECORD_WORDS);
  }
  return records;
}

/** Largest distance in units of the last place, and what differs by more or in flags. */
function compare(operation: Operation, records: Int32Array, answers: Int32Array): { worst: number; wrong: string[] } {
  const wrong: string[] = [];
  const w = new Int32Array(16);
  let worst = 0;
  for (let n = 0; n < records.length; n += RECORD_WORDS) {
    const record = records.subarray(n, n + RECORD_WORDS);
    const answer = answers.subarray(n, n + RECORD_WORDS);
    const cw = record[1]!;
    w.set(record.subarray(2), X);
    const flags = operation.run(w, cw);
    const flagsAgree = (flags & FLAGS) === (answer[8]! & FLAGS);
    // Out of range, or stopped by an unmasked exception: there is no result.
    const none = (flags & C2) !== 0 || (flags & ~cw & 7) !== 0;
    let off = none ? 0 : distance(w, RESULT, answer, operation.pushes === true ? 4 : 0);
    if (!none && operation.two === true) off = Math.max(off, distance(w, SECOND, answer, 0));
    worst = Math.max(worst, off);
    if ((off > 1 || !flagsAgree) && wrong.length < 10) {
      wrong.push(
        `${operation.name} cw ${cw.toString(16)} x ${hexWords(record, 2)} y ${hexWords(record, 6)}: host ` +
          `${hexWords(answer, 0)} ${hexWords(answer, 4)} ${(answer[8]! & FLAGS).toString(16)}, here ` +
          `${hexWords(w, RESULT)} ${flags.toString(16)}`,
      );
    }
  }
  return { worst, wrong };
}

againstHost('transcendental functions', 'x87-host.c', (host, seed) => {
  it.each(OPERATIONS)('$name is at most one unit in the last place off', (operation) => {
    const records = generate(operation, new Random(seed + operation.number), CASES);
    const answers = host.run(new Uint8Array(records.buffer));
    const { worst, wrong } = compare(
      operation,
      records,
      new Int32Array(answers.buffer, answers.byteOffset, records.length),
    );
    console.log(`${operation.name}: ${CASES} cases, at most ${worst} units in the last place`);
    expect(wrong).toEqual([]);
  });
});
