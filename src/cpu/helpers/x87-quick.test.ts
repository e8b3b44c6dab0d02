import { expect, test } from 'vitest';
import { addF80, compareF80, f32ToF80, f64ToF80, f80ToF64, multiplyF80, subtractF80 } from '../softfloat/index.ts';
import { C0, C1, C3 } from '../softfloat/status.ts';
import { W } from '../state.ts';
import { NOT_DONE, quickX87 } from './x87-quick.ts';

const USUAL = 0x37f;
const A = W.st;
const B = W.st + 4;
const D = W.st + 8;
const PASSES = 20_000;

/** Two states: one for what is tested, one for softfloat. */
const w = new Int32Array(W.scratch + 16);
const other = new Int32Array(w.length);
const quick = quickX87(w);

let seed = 1;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) | 0;
  return (seed >>> 8) % below;
};
const any = (): number => (random(0x10000) << 16) | random(0x10000);
/** Words at whose ends carries happen. */
const word = (): number => [0, 1, -1, -2, 0x400, 0x800, 0xc00, -0x80000000, any(), any(), any()][random(11)]!;

/** A number near another's exponent, or anywhere; seldom one that is not normal. */
function put(at: number, near: number): void {
  const distance = [0, 1, 2, 31, 32, 33, 63, 64, 65, 95, 96, 200, random(70)][random(13)]!;
  const exponent = random(20) === 0 ? [0, 1, 0x7ffe, 0x7fff, random(0x8000)][random(5)]! : near - distance;
  w[at] = word();
  w[at + 1] = random(30) === 0 ? word() : -0x80000000 | word();
  w[at + 2] = ((exponent & 0x7fff) | (random(2) << 15)) & 0xffff;
}

function putBoth(): void {
  const near = random(10) === 0 ? [2, 0x3fff, 0x7ffe][random(3)]! : 0x3fff + random(64);
  const swapped = random(2) === 0;
  put(swapped ? A : B, near + random(3));
  put(swapped ? B : A, near);
  w[W.fcw] = USUAL;
  w[W.fsw] = C1;
  other.set(w);
}

const alike = (): boolean => w.every((value, at) => value === other[at]);

/** What softfloat makes of the same state. */
function expected(flags: number): void {
  other[W.fsw] = (other[W.fsw]! & ~C1) | flags;
}

const OPERATIONS = [
  [0, addF80],
  [1, multiplyF80],
  [4, subtractF80],
] as const;

test.each(OPERATIONS)('operation %i is softfloat', (operation, soft) => {
  let done = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    putBoth();
    const d = [A, B, D][random(3)]!;
    const operands = Array.from(w.subarray(A, D));
    const reversed = operation === 4 && random(2) === 0;
    if (quick.operate(reversed ? 5 : operation, d, A, B)) {
      done++;
      expected(reversed ? soft(other, d, B, A, USUAL) : soft(other, d, A, B, USUAL));
    }
    if (alike()) continue;
    const text = (words: ArrayLike<number>) => Array.from(words, (value) => (value >>> 0).toString(16)).join(' ');
    expect.fail(`${text(operands)}: ${text(w.subarray(d, d + 3))}, not ${text(other.subarray(d, d + 3))}`);
  }
  expect(done).toBeGreaterThan(PASSES / 2);
});

test('comparisons are those of softfloat', () => {
  let done = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    putBoth();
    if (random(3) === 0) w.copyWithin(B, A, A + (random(2) === 0 ? 3 : 2));
    const order = quick.order(A, B);
    if (order === NOT_DONE) continue;
    done++;
    expect(order === 0 ? C3 : order < 0 ? C0 : 0).toBe(compareF80(w, A, B, false));
  }
  expect(done).toBeGreaterThan(PASSES / 2);
});

test('doubles and floats are widened and narrowed as by softfloat', () => {
  const f64 = new Float64Array(w.buffer);
  let done = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    put(A, 0x3fff + random(30) - (random(20) === 0 ? 1000 : 0));
    w[W.fcw] = USUAL;
    other.set(w);
    const flags = quick.narrow(D, A);
    if (flags !== NOT_DONE) {
      done++;
      expect(flags).toBe(f80ToF64(other, D, A, USUAL));
      expect(alike()).toBe(true);
    }
    const [low, high] = [any(), any()];
    w.set([low, high, low], W.scratch);
    other.set(w);
    if (quick.widen(D, low, high)) {
      f64ToF80(other, D, W.scratch, USUAL);
      expect(alike()).toBe(true);
      // The largest exponent is not narrowed: rounding might leave the format.
      if ((high & 0x7ff00000) === 0x7fe00000) continue;
      expect(quick.narrow(W.scratch + 4, D)).toBe(0);
      expect(f64[W.scratch / 2 + 2]).toBe(f64[W.scratch / 2]);
    }
    other.set(w);
    if (!quick.widenSingle(D, low)) continue;
    f32ToF80(other, D, W.scratch + 2, USUAL);
    expect(alike()).toBe(true);
  }
  expect(done).toBeGreaterThan(PASSES / 2);
});

test('an unmasked exception, another precision or rounding is for softfloat', () => {
  w.set([0, -0x80000000, 0x3fff], A);
  for (const control of [0x37e, 0x35f, 0x27f, 0x77f, 0xf7f]) {
    w[W.fcw] = control;
    expect(quick.operate(0, D, A, A)).toBe(false);
    expect(quick.narrow(D, A)).toBe(NOT_DONE);
  }
  w[W.fcw] = USUAL;
  expect(quick.operate(0, D, A, A)).toBe(true);
});
