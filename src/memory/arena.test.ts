import { expect, test } from 'vitest';
import { Arena } from './arena.ts';

test('pieces of a part lie behind each other, aligned, and end where it ends', () => {
  const buffer = new ArrayBuffer(1024);
  const arena = new Arena({ buffer, from: 100, to: 300 });
  expect(arena.take(1)).toEqual({ buffer, byteOffset: 128 });
  expect(arena.take(8, 8)).toEqual({ buffer, byteOffset: 136 });
  const words = arena.takeWords(16);
  expect([words.buffer, words.byteOffset, words.length]).toEqual([buffer, 192, 16]);
  expect(() => arena.take(45)).toThrow('no room for 45 bytes more beside RAM: 44 are left');
  expect(arena.take(44).byteOffset).toBe(256);
  expect(() => arena.take(1)).toThrow('0 are left');
});

test('without a part each piece is a buffer', () => {
  const arena = new Arena();
  const [a, b] = [arena.take(5), arena.takeWords(3)];
  expect([a.byteOffset, a.buffer.byteLength, b.byteOffset, b.buffer.byteLength]).toEqual([0, 5, 0, 12]);
});
