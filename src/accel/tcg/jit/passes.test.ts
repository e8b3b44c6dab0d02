import { expect, test } from 'vitest';
import { choosePasses, PASS_NAMES, PASSES, parsePasses } from './passes.ts';

test('a list switches passes off, and on with +', () => {
  expect(parsePasses('loops,dead-flags')).toEqual({ loops: false, 'dead-flags': false });
  const one = choosePasses(parsePasses('all,+loops'));
  expect(PASS_NAMES.filter((name) => one[name])).toEqual(['loops']);
  expect(() => parsePasses('loop')).toThrow('there is no pass "loop": use dead-flags');
  expect(() => parsePasses('')).toThrow('there is no pass ""');
});

test('what is not chosen is as the table says', () => {
  for (const name of PASS_NAMES) expect(choosePasses()[name]).toBe(PASSES[name].on);
});
