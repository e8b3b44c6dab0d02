import { expect, test } from 'vitest';
import { FakeCpu } from '../../../../test/support/fake-cpu.ts';
import { REGION_CALL_NAMES } from './calls.ts';

test('every helper that a region may call exists', () => {
  const { call } = new FakeCpu('protected');
  expect(REGION_CALL_NAMES.filter((name) => call[name] === undefined)).toEqual([]);
});
