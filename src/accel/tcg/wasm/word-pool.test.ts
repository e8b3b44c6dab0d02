import { expect, test } from 'vitest';
import { WordPool } from './word-pool.ts';

test('a block has at least the words that are wanted, is zeroed, and nobody else has it', () => {
  const words = new Int32Array(64);
  const pool = new WordPool(words);
  const blocks = [1, 2, 3, 5, 8, 9].map((count) => pool.take(count)!);
  expect(blocks.map(({ length }) => length)).toEqual([1, 2, 4, 8, 8, 16]);
  blocks.forEach((block, n) => {
    expect([...block]).toEqual(new Array(block.length).fill(0));
    block.fill(n + 1);
  });
  blocks.forEach((block, n) => {
    expect(new Set(block)).toEqual(new Set([n + 1]));
  });
});

test('what was given back is taken again, zeroed, by who wants about as much', () => {
  const pool = new WordPool(new Int32Array(64));
  pool.take(1);
  const block = pool.take(7)!;
  block.fill(5);
  pool.giveBack(block);
  const again = pool.take(5)!;
  expect(again.byteOffset).toBe(block.byteOffset);
  expect([...again]).toEqual(new Array(8).fill(0));
});

test('a pool that is used up has room for another size once all is given back', () => {
  const pool = new WordPool(new Int32Array(32));
  const small = Array.from({ length: 8 }, () => pool.take(4)!);
  expect(pool.take(4)).toBeUndefined();
  const last = small.pop()!;
  for (const block of small) pool.giveBack(block);
  expect(pool.take(32)).toBeUndefined();
  pool.giveBack(last);
  expect(pool.take(32)).toHaveLength(32);
  expect(pool.take(1)).toBeUndefined();
});
