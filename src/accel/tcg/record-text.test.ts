import { expect, test } from 'vitest';
import { readRecord } from './record-text.ts';

test('what is named is read, once and before what needs it', () => {
  expect(readRecord(['const v1 = w[ra], v2 = w[ra + 1];', 'w[rb] = v1 + nextHigh;'])).toBe(
    'const ra = c[i | 3], rb = c[i | 4], next = c[i | 11] + (c[i | 13] & 15) | 0, nextHigh = ipHighs[c[i | 12]] + (next >>> 0 < c[i | 11] >>> 0 ? 1 : 0) | 0;',
  );
  expect(readRecord(['w[40] = h_rare(1);'])).toBe('');
});
