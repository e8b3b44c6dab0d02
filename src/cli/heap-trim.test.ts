import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
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

/** In a thread, after 30 MB were freed: how many bytes of 20 MB more go back. V8 frees them in the background. */
const THREAD = `
const { parentPort } = require('node:worker_threads');
const collect = require('node:vm').runInNewContext('gc');
const later = () => new Promise((resolve) => setTimeout(resolve, 300));
const freed = async (bytes) => {
  let buffer = new ArrayBuffer(bytes);
  new Uint8Array(buffer).fill(1);
  const used = process.memoryUsage.rss();
  buffer = undefined;
  await later();
  collect();
  collect();
  await later();
  return used - process.memoryUsage.rss();
};
freed(30_000_000).then(() => freed(20_000_000)).then((bytes) => parentPort.postMessage(bytes));
`;

it('what a thread freed goes back by itself, however large a piece was freed before', async ({ skip }) => {
  setFlagsFromString('--expose-gc');
  if ((await loadHeapTrim()) === undefined) return skip('ffi-rs or glibc is missing');
  const worker = new Worker(THREAD, { eval: true });
  const [returned] = (await once(worker, 'message')) as [number];
  expect(returned).toBeGreaterThan(15_000_000);
});
