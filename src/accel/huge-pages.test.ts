import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GuestRam } from '../memory/ram.ts';
import { loadHugePages } from './huge-pages.ts';

const SIZE = 16 * 2 ** 20;

/** Mappings of so many bytes that have been advised to be large pages (proc(5): smaps). */
function advised(bytes: number): number {
  const form = /^([0-9a-f]+)-([0-9a-f]+) \S+ .*\n(?:\w+:.*\n)*?VmFlags:(.*)$/gm;
  const found = [...readFileSync('/proc/self/smaps', 'utf8').matchAll(form)];
  return found.filter(
    ([, from, to, flags]) => Number.parseInt(to!, 16) - Number.parseInt(from!, 16) === bytes && /\bhg\b/.test(flags!),
  ).length;
}

it('is asked for RAM, and for nothing else', async ({ skip }) => {
  const advice = await loadHugePages();
  if (advice === undefined) return skip('ffi-rs is missing');
  const before = advised(SIZE);
  const plain = GuestRam.allocate(SIZE, 0, 0);
  expect(advised(SIZE)).toBe(before);
  const ram = GuestRam.allocate(SIZE, 65_536, 65_536, advice);
  expect(advised(SIZE)).toBe(before + 1);
  expect([plain.size, ram.size]).toEqual([SIZE, SIZE]);
});
