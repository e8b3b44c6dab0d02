import { expect, test } from 'vitest';
import type { Breakpoint } from '../accelerator.ts';
import { causeOf, debugRegistersFor } from './debug-registers.ts';

const point = (kind: Breakpoint['kind'], address: bigint, length = 1): Breakpoint => ({ kind, address, length });

test('DR7 as the SDM has it, and what DR6 tells', () => {
  const registers = debugRegistersFor([
    point('execute', 0x1003n),
    point('write', 0x2004n, 4),
    point('access', 0x3008n, 8),
    point('write', 0x4002n, 2),
  ])!;
  expect(registers.addresses).toEqual([0x1003n, 0x2004n, 0x3008n, 0x4002n]);
  expect(registers.dr7.toString(16)).toBe('5bd006aa');
  expect(causeOf(registers, 0xffff0ff1)).toEqual({ kind: 'breakpoint' });
  expect(causeOf(registers, 0xffff0ff4)).toEqual({ kind: 'watch', address: 0x3008n, access: 'access' });
  expect(causeOf(registers, 0xffff4ff0)).toBeUndefined();
});

test.each([
  ['a fifth', Array.from({ length: 5 }, (_, n) => point('execute', BigInt(n)))],
  ['reads alone', [point('read', 0x1000n, 4)]],
  ['what is not aligned', [point('write', 0x1001n, 4)]],
  ['three bytes', [point('write', 0x1000n, 3)]],
])('%s is not for the processor', (_, points) => {
  expect(debugRegistersFor(points)).toBeUndefined();
});
