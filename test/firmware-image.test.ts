import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../firmware/', import.meta.url);
const image = readFileSync(new URL('emu-rom.bin', folder));

test('the ROM image is the one its checksum names', () => {
  const [sum, name] = readFileSync(new URL('emu-rom.bin.sha256', folder), 'utf8').trim().split(/\s+/);
  expect(name).toBe('emu-rom.bin');
  expect(createHash('sha256').update(image).digest('hex')).toBe(sum);
});

test('the ROM image fills two 64 KiB windows and has a far jump into segment F000 at the reset vector', () => {
  expect(image.length).toBe(0x20000);
  const vector = image.subarray(-16);
  expect(vector[0]).toBe(0xea);
  expect(vector.readUInt16LE(3)).toBe(0xf000);
});
