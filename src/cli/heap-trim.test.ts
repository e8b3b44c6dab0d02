import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { residentBytes } from '../host/memory-use.ts';
import { loadHeapTrim } from './heap-trim.ts';

const COUNT = 2000;
const SIZE = 100_000;

it('gives back what was freed between what is still used', async ({ skip }) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const trim = await loadHeapTrim();
  if (trim === undefined) return skip('ffi-rs or glibc is missing');
  const all: (Buffer | undefined)[] = Array.from({ length: COUNT }, () => Buffer.alloc(SIZE, 1));
  const kept = all.map((buffer, n) => (n % 50 === 0 ? buffer : undefined));
  all.length = 0;
  // The second waits for the first one's sweeping.
  collect();
  collect();
  const before = residentBytes();
  trim();
  expect(residentBytes()).toBeLessThan(before - (COUNT * SIZE) / 2);
  expect(kept[0]).toHaveLength(SIZE);
});
