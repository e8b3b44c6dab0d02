import { expect, test } from 'vitest';
import { WasmCode } from './code.ts';
import { moduleOf } from './module.ts';
import { Modules } from './modules.ts';

/** A module whose function gives a number below 64. */
function giving(value: number): Uint8Array {
  const body = new WasmCode();
  body.i32(value);
  return moduleOf([], { signature: { params: 0, result: true }, locals: [], body });
}

test('the same bytes are the same module, others are not', () => {
  const modules = new Modules();
  const one = modules.of(giving(1));
  expect(modules.of(giving(2))).not.toBe(one);
  expect(modules.of(giving(1))).toBe(one);
  expect(modules.found).toBe(1);
});

test('what was used longest ago goes first, and a small module counts for what V8 takes', () => {
  const modules = new Modules(8_000);
  const [first, second] = [modules.of(giving(1)), modules.of(giving(2))];
  modules.of(giving(3));
  expect(modules.of(giving(1))).toBe(first);
  modules.of(giving(4));
  expect(modules.of(giving(1))).toBe(first);
  expect(modules.of(giving(2))).not.toBe(second);
});

test('what V8 does not compile is told', () => {
  expect(() => new Modules().of(Uint8Array.of(1, 2, 3))).toThrow('WebAssembly.Module()');
});
