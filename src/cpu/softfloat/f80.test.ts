import { describe, expect, test } from 'vitest';
import {
  addF80,
  arctangent,
  bcdToF80,
  compareF80,
  divideF80,
  exp2Minus1,
  f32ToF80,
  f64ToF80,
  f80ToBcd,
  f80ToF32,
  f80ToF64,
  f80ToInteger,
  loadConstant,
  multiplyF80,
  remainderF80,
  sine,
  squareRootF80,
  UNORDERED,
  yLog2X,
} from './index.ts';
import { C0, C1, C2, C3, DE, IE, OE, PE, UE, ZE } from './status.ts';

const MASKED = 0x37f;
const ROUND_UP = 0x800;
const A = 0;
const B = 4;
const D = 8;
const SCRATCH = 12;

const w = new Int32Array(16);
const f64 = new Float64Array(w.buffer);

function put(at: number, x: number): void {
  f64[SCRATCH / 2] = x;
  f64ToF80(w, at, SCRATCH, MASKED);
}
function raw(at: number, se: number, hi: number, lo = 0): void {
  w.set([lo, hi, se], at);
}
function value(at = D): number {
  f80ToF64(w, SCRATCH, at, MASKED);
  return f64[SCRATCH / 2]!;
}
const words = (at = D): string =>
  [w[at + 2]!, w[at + 1]!, w[at]!].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(' ');

describe('f80', () => {
  test('1/3 in each precision and rounding', () => {
    put(A, 1);
    put(B, 3);
    const results = [0x37f, 0x27f, 0x07f, 0x37f | ROUND_UP].map((cw) => [divideF80(w, D, A, B, cw), words()]);
    expect(results).toEqual([
      [PE | C1, '00003ffd aaaaaaaa aaaaaaab'],
      [PE, '00003ffd aaaaaaaa aaaaa800'],
      [PE | C1, '00003ffd aaaaab00 00000000'],
      [PE | C1, '00003ffd aaaaaaaa aaaaaaab'],
    ]);
  });

  test('exact cancellation gives -0 only when rounding down', () => {
    put(A, 1.5);
    put(B, -1.5);
    expect([addF80(w, D, A, B, MASKED), words()]).toEqual([0, '00000000 00000000 00000000']);
    expect([addF80(w, D, A, B, MASKED | 0x400), words()]).toEqual([0, '00008000 00000000 00000000']);
  });

  test('an unmasked exception before the computation leaves the destination', () => {
    put(A, 1);
    put(B, 0);
    raw(D, 0x1234, 0x5678, 9);
    expect(divideF80(w, D, A, B, MASKED & ~ZE)).toBe(ZE);
    expect(words()).toBe('00001234 00005678 00000009');
    raw(A, 0, 5);
    expect(addF80(w, D, A, A, MASKED & ~DE)).toBe(DE);
    expect(words()).toBe('00001234 00005678 00000009');
  });

  test('masked and unmasked overflow and underflow', () => {
    raw(A, 0x7ffe, 0xc0000000);
    expect([multiplyF80(w, D, A, A, MASKED), words()]).toEqual([OE | PE | C1, '00007fff 80000000 00000000']);
    expect(multiplyF80(w, D, A, A, MASKED & ~OE)).toBe(OE);
    expect(w[D + 2]).toBe(0x7ffe * 2 - 0x3fff + 1 - 24576);
    raw(A, 1, 0x80000000, 1);
    expect([multiplyF80(w, D, A, A, MASKED), words()]).toEqual([UE | PE, '00000000 00000000 00000000']);
  });

  test('of two NaNs the larger significand wins, an unnormal is invalid', () => {
    raw(A, 0x7fff, 0xc0000001);
    raw(B, 0xffff, 0x80000002);
    expect([addF80(w, D, A, B, MASKED), words()]).toEqual([IE, '00007fff c0000001 00000000']);
    raw(B, 0x4000, 0x7fffffff);
    expect([addF80(w, D, A, B, MASKED), words()]).toEqual([IE, '0000ffff c0000000 00000000']);
    expect(compareF80(w, A, A, true)).toBe(UNORDERED);
    expect(compareF80(w, A, A, false)).toBe(UNORDERED | IE);
  });

  test('square roots of a square and of what lies one unit beside it', () => {
    raw(A, 0x4000 + 60, 0xffffffff, 0);
    multiplyF80(w, B, A, A, MASKED);
    expect([squareRootF80(w, D, B, MASKED), words()]).toEqual([0, words(A)]);
    // One unit more lies just above the middle between two roots.
    w[B]++;
    expect([squareRootF80(w, D, B, MASKED), words()]).toEqual([PE | C1, words(A).replace(/0$/, '1')]);
  });

  test('a partial remainder says so; a full one gives the quotient bits', () => {
    put(A, 29);
    put(B, 4);
    expect([remainderF80(w, D, A, B, MASKED, false), value()]).toEqual([C0 | C3 | C1, 1]);
    put(A, 31);
    expect([remainderF80(w, D, A, B, MASKED, true), value()]).toEqual([0, -1]);
    put(A, 2 ** 100);
    put(B, 3);
    expect(remainderF80(w, D, A, B, MASKED, false) & C2).toBe(C2);
    expect(value() % 3).toBe(1);
  });

  test('stores: narrowing, integer indefinite, packed decimal there and back', () => {
    put(A, 1 + 2 ** -30);
    expect(f80ToF32(w, D, A, MASKED)).toBe(PE);
    expect(w[D]).toBe(0x3f800000);
    put(A, 40000);
    expect([f80ToInteger(w, D, A, 16, MASKED, false), w[D]]).toEqual([IE, -0x8000]);
    put(A, -2.5);
    expect([f80ToInteger(w, D, A, 32, MASKED, false), w[D]]).toEqual([PE, -2]);
    put(A, -123456789012345);
    expect([f80ToBcd(w, B, A, MASKED), words(B)]).toEqual([0, '00008000 01234567 89012345']);
  });

  test('a signalling NaN is quieted by a load', () => {
    w[SCRATCH] = 0x7f800001;
    expect([f32ToF80(w, D, SCRATCH, MASKED), words()]).toEqual([IE, '00007fff c0000100 00000000']);
  });

  test('constants follow the rounding', () => {
    loadConstant(w, D, 3, MASKED);
    expect(words()).toBe('00004000 c90fdaa2 2168c235');
    loadConstant(w, D, 3, MASKED | 0xc00);
    expect(words()).toBe('00004000 c90fdaa2 2168c234');
  });

  test('transcendental functions at points that are known', () => {
    loadConstant(w, A, 3, MASKED);
    sine(w, D, A, MASKED);
    // 66-bit pi less the 64-bit one: what hardware gives.
    expect(words()).toBe('0000bfbf 80000000 00000000');
    raw(A, 0x403e, 0x80000000);
    expect(sine(w, D, A, MASKED)).toBe(C2);
    put(A, 1);
    arctangent(w, D, A, A, MASKED);
    expect(words()).toBe('00003ffe c90fdaa2 2168c235');
    put(A, 0.5);
    exp2Minus1(w, D, A, MASKED);
    expect(words()).toBe('00003ffd d413cccf e7799211');
    put(A, 8);
    put(B, 0.75);
    yLog2X(w, D, B, A, MASKED);
    expect(value()).toBe(2.25);
  });
});

test('a packed decimal is read as eighteen digits and a sign', () => {
  w.set([0x89012345, 0x01234567, 0x8000], A);
  bcdToF80(w, D, A);
  expect(value()).toBe(-123456789012345);
});
