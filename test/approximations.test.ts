import { expect, test } from 'vitest';
import { closeSingles } from './support/approximations.ts';

const close = (x: number, y: number): boolean =>
  closeSingles(new Uint8Array(Float32Array.of(x).buffer), new Uint8Array(Float32Array.of(y).buffer));

test('two approximations of one number', () => {
  expect(close(1, 1 + 2 ** -11)).toBe(true);
  expect(close(1, 1 + 2 ** -10)).toBe(false);
  expect(close(NaN, NaN)).toBe(true);
});

test('one of them may have been too small to be a normal number', () => {
  expect(close(-0, -(2 ** -126))).toBe(true);
  expect(close(2 ** -126, 0)).toBe(true);
  expect(close(-0, 2 ** -126)).toBe(false);
  expect(close(0, 2 ** -125)).toBe(false);
  expect(close(0, -0)).toBe(false);
});
