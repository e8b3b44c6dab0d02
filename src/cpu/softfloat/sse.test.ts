import { expect, test } from 'vitest';
import {
  addF64,
  COMPARE_FLAGS_SHIFT,
  compareFlags,
  divideF32,
  maximum,
  mergedSse,
  multiplyF32,
  multiplyF64,
  roundSse,
  sseToInteger,
  subtractF64,
  unmaskedSse,
} from './index.ts';
import { DE, IE, OE, PE, UE, ZE } from './status.ts';

const MASKED = 0x1f80;
const DAZ = 0x40;
const FTZ = 0x8000;
const UP = 0x4000;
const A = 0;
const B = 2;
const D = 4;

const buffer = new ArrayBuffer(64);
const v = { words: new Int32Array(buffer), f32: new Float32Array(buffer), f64: new Float64Array(buffer) };

function pair(x: number, y: number): void {
  v.f64[A / 2] = x;
  v.f64[B / 2] = y;
}
function singles(x: number, y: number): void {
  v.f32[A] = x;
  v.f32[B] = y;
}

test('the quick path knows exact from inexact, and stays silent when PE is set already', () => {
  pair(1, 2 ** -60);
  expect([addF64(v, D, A, B, MASKED), v.f64[D / 2]]).toEqual([PE, 1]);
  expect(addF64(v, D, A, B, MASKED | PE)).toBe(0);
  expect([addF64(v, D, A, B, MASKED | UP), v.f64[D / 2]]).toEqual([PE, 1 + 2 ** -52]);
  pair(1.5, 0.25);
  expect([subtractF64(v, D, A, B, MASKED), v.f64[D / 2]]).toEqual([0, 1.25]);
  pair(1 + 2 ** -30, 1 - 2 ** -30);
  expect(multiplyF64(v, D, A, B, MASKED)).toBe(PE);
});

test('overflow, underflow, flush to zero, denormals are zeros', () => {
  pair(2 ** 1000, 2 ** 1000);
  expect([multiplyF64(v, D, A, B, MASKED), v.f64[D / 2]]).toEqual([OE | PE, Infinity]);
  pair(2 ** -1000, 1.5 * 2 ** -70);
  expect([multiplyF64(v, D, A, B, MASKED), v.f64[D / 2]]).toEqual([0, 1.5 * 2 ** -1070]);
  expect([multiplyF64(v, D, A, B, MASKED | FTZ), v.f64[D / 2]]).toEqual([UE | PE, 0]);
  expect(multiplyF64(v, D, A, B, MASKED & ~(UE << 7))).toBe(UE);
  pair(2 ** -1070, 1);
  expect([multiplyF64(v, D, A, B, MASKED), v.f64[D / 2]]).toEqual([DE, 2 ** -1070]);
  expect([multiplyF64(v, D, A, B, MASKED | DAZ), v.f64[D / 2]]).toEqual([0, 0]);
});

test('the first NaN is taken and quieted; invalid gives the negative default', () => {
  v.words.set([1, 0x7ff00000, 2, 0x7ff80000], A);
  expect([addF64(v, D, A, B, MASKED), v.words[D], v.words[D + 1]]).toEqual([IE, 1, 0x7ff80000]);
  singles(0, 0);
  expect([divideF32(v, D, A, B, MASKED), v.words[D]! >>> 0]).toEqual([IE, 0xffc00000]);
  singles(-1, 0);
  expect([divideF32(v, D, A, B, MASKED), v.f32[D]]).toEqual([ZE, -Infinity]);
});

test('binary32 is rounded once', () => {
  singles(1 + 2 ** -23, 1 + 2 ** -23);
  expect([multiplyF32(v, D, A, B, MASKED), v.f32[D]]).toEqual([PE, 1 + 2 ** -22]);
});

test('MAX gives the second operand for zeros and NaNs; comparisons tell quiet from signalling', () => {
  pair(0, -0);
  maximum(v, D, A, B, MASKED, true);
  expect(Object.is(v.f64[D / 2], -0)).toBe(true);
  pair(Number.NaN, 1);
  expect([maximum(v, D, A, B, MASKED, true), v.f64[D / 2]]).toEqual([IE, 1]);
  expect(compareFlags(v, A, B, MASKED, false, true)).toBe(0x45);
  expect(compareFlags(v, A, B, MASKED, true, true)).toBe(0x45 | (IE << COMPARE_FLAGS_SHIFT));
});

test('conversion to integers and rounding by the immediate', () => {
  pair(2 ** 31, 0);
  expect([sseToInteger(v, D, A, 32, MASKED, true, true), v.words[D]]).toEqual([IE, -(2 ** 31)]);
  pair(-2.5, 0);
  expect([sseToInteger(v, D, A, 64, MASKED, false, true), v.words[D], v.words[D + 1]]).toEqual([PE, -2, -1]);
  expect([roundSse(v, D, A, MASKED, 1, true), v.f64[D / 2]]).toEqual([PE, -3]);
  expect([roundSse(v, D, A, MASKED, 8 | 3, true), v.f64[D / 2]]).toEqual([0, -2]);
});

test('an unmasked exception before the computation hides those after it', () => {
  const mxcsr = MASKED & ~(ZE << 7);
  expect(mergedSse(ZE | PE, mxcsr)).toBe(ZE);
  expect(unmaskedSse(ZE | PE, mxcsr)).toBe(ZE);
  expect(mergedSse(ZE | PE, MASKED)).toBe(ZE | PE);
});
