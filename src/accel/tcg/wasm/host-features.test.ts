import { expect, test } from 'vitest';
import { WasmCode } from './code.ts';
import { hostHasAll } from './host-features.ts';
import { moduleOf } from './module.ts';
import { compiles } from './web-assembly.ts';

test('this host has all that regions use', () => {
  expect(hostHasAll()).toBe(true);
});

test('an instruction that the host does not know is told from other errors', () => {
  const body = new WasmCode();
  body.simd(0x7fff);
  expect(compiles(moduleOf([], { signature: { params: 0, result: false }, locals: [], body }))).toBe(false);
  expect(() => compiles(undefined as unknown as Uint8Array)).toThrow(TypeError);
});
