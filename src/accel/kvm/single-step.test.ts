import { expect, test } from 'vitest';
import { seesTrapFlag } from './single-step.ts';

const sees = (...bytes: number[]): boolean => seesTrapFlag((at) => bytes[at] ?? -1);

test('what the trap flag changes', () => {
  expect(sees(0x9c)).toBe(true);
  expect(sees(0x66, 0x9d)).toBe(true);
  expect(sees(0x0f, 0x05)).toBe(true);
  expect(sees(0xf3, 0x48, 0xa5)).toBe(true);
  expect(sees(0xe6, 0x80)).toBe(true);
});

test('what it does not', () => {
  expect(sees(0x48, 0xa5)).toBe(false);
  expect(sees(0xf3, 0x0f, 0x10, 0xc1)).toBe(false);
  expect(sees(0x48, 0x01, 0xc8)).toBe(false);
});

test('bytes that cannot be read are for the interpreter', () => {
  expect(sees()).toBe(true);
  expect(sees(0x66)).toBe(true);
  expect(sees(...new Array(15).fill(0x66))).toBe(true);
});
