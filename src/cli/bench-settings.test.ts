import { expect, test } from 'vitest';
import { benchPlan } from './bench-settings.ts';

test('both accelerators and two tiers, unless told otherwise', () => {
  expect(benchPlan({}).engines).toEqual(['native', 'kvm', 'jit', 'interp']);
  expect(benchPlan({ accel: 'tcg', tier: 'eval,jit' }).engines).toEqual(['native', 'jit', 'eval']);
  expect(benchPlan({ accel: 'kvm' }).engines).toEqual(['native', 'kvm']);
  expect(benchPlan({ filter: 'calls|x87' }).filter?.test('x87/32')).toBe(true);
  expect(benchPlan({}).filter).toBeUndefined();
});

test('what is wrong is said', () => {
  expect(() => benchPlan({ accel: 'kvn' })).toThrow('kvm');
  expect(() => benchPlan({ tier: 'fast' })).toThrow('use jit, interp, eval');
  expect(() => benchPlan({ accel: 'kvm', tier: 'jit' })).toThrow('--tier jit is about tcg');
  expect(() => benchPlan({ filter: '(' })).toThrow('no regular expression');
});
