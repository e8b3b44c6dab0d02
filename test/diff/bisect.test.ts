import { expect, it } from 'vitest';
import { firstGuilty } from '../../scripts/bisect.ts';

it('finds the guilty region', () => {
  for (const guilty of [0, 1, 41, 99]) {
    expect(firstGuilty(100, (from, to) => from <= guilty && guilty < to)).toBe(guilty);
  }
});

it('finds the one that completes a pair', () => {
  expect(firstGuilty(100, (from, to) => from <= 3 && to > 60)).toBe(60);
});

it('knows when nobody is', () => {
  expect(firstGuilty(100, () => false)).toBeUndefined();
});
