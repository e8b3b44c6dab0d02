import { expect, test } from 'vitest';
import { GuestRam } from './ram.ts';

const SIZE = 0x21000;
const ROM = 0x10000;
const LENGTH = SIZE + ROM;

test('no view shows the spare part, which lies behind RAM and ROM', () => {
  const ram = GuestRam.allocate(SIZE, ROM, 10_000);
  expect(ram.memory!.buffer).toBe(ram.buffer);
  expect(ram.buffer.byteLength).toBeGreaterThanOrEqual(LENGTH + 10_000);
  expect([ram.size, ram.length]).toEqual([SIZE, LENGTH]);
  for (const view of [ram.u8, ram.u16, ram.i32, ram.view]) {
    expect([view.buffer, view.byteOffset, view.byteLength]).toEqual([ram.buffer, 0, LENGTH]);
  }
  const spare = ram.takeSpare().take(10_000, 4);
  expect(spare).toEqual({ buffer: ram.buffer, byteOffset: LENGTH });
});

test('the spare part is given once', () => {
  const ram = GuestRam.allocate(SIZE, 0, 100);
  ram.takeSpare();
  expect(ram.takeSpare().take(100).buffer).not.toBe(ram.buffer);
});

test('a buffer from elsewhere has no spare part', () => {
  const buffer = new ArrayBuffer(LENGTH);
  const ram = new GuestRam(buffer, SIZE);
  expect([ram.memory, ram.length]).toEqual([undefined, LENGTH]);
  expect(ram.takeSpare().take(8).buffer).not.toBe(buffer);
});

test('where the whole is beyond 32-bit addresses, RAM is a buffer of its own', () => {
  const ram = GuestRam.allocate(SIZE, ROM, 2 ** 32);
  expect([ram.memory, ram.buffer.byteLength, ram.u8.byteLength]).toEqual([undefined, LENGTH, LENGTH]);
});
