import { expect, test } from 'vitest';
import { compareConsoles } from './consoles.ts';

test('lines are the same, alike but for numbers, or different', () => {
  const a = 'boot\r\n[    0.120] ready\r\nresult 5 ok\r\n\x1b[1mdone\x1b[0m\r\nonly here';
  const b = 'boot\r\n[    0.348] ready\r\nresult 5 failed\r\ndone';
  expect(compareConsoles(a, b)).toEqual({
    same: 2,
    alike: 1,
    different: [
      ['result 5 ok', 'result 5 failed'],
      ['only here', undefined],
    ],
  });
});
