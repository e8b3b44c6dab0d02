import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { loadHeapTrim } from './heap-trim.ts';
import { residentBytes } from './memory-use.ts';

const COUNT = 2000;
const SIZE = 100_000;

it.runIf(process.platform === 'linux')('gives back what was freed between what is still used', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const trim = await loadHeapTrim();
  const all: (Buffer | undefined)[] = Array.from({ length: COUNT }, () => Buffer.alloc(SIZE, 1));
  const kept = all.map((buffer, n) => (n % 50 === 0 ? buffer : undefined));
  all.length = 0;
  // The second waits for the first one's sweeping.
  collect();
  collect();
  const before = residentBytes();
  trim?.();
  expect(trim).toBeDefined();
  expect(residentBytes()).toBeLessThan(before - (COUNT * SIZE) / 2);
  expect(kept[0]).toHaveLength(SIZE);
});
