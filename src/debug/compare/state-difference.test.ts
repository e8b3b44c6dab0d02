import { expect, test } from 'vitest';
import { CpuState } from '../../cpu/state.ts';
import { stateDifference } from './state-difference.ts';

test('fields that differ by name and element, wide ones whole', () => {
  const [a, b] = [new CpuState(), new CpuState()];
  a.set('gpr', 0x123456789n, 3);
  b.set('xmm', 7n, 1);
  b.set('generation', 5n);
  expect(stateDifference(a, b).map((line) => line.split(/ +/))).toEqual([
    ['gpr[3]', '0000000123456789', '0000000000000000'],
    ['xmm[1]', '0'.repeat(32), `${'0'.repeat(31)}7`],
  ]);
  expect(stateDifference(a, a)).toEqual([]);
});
