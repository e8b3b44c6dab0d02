import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emu } from './run-emu.ts';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'emu-disasm-'));
  writeFileSync(join(scratch, 'raw'), Uint8Array.of(0x90, 0xb8, 0x34, 0x12, 0xcd, 0x10, 0x0f, 0x0b, 0x48));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('raw bytes, from an offset, with an address and a width', async () => {
  const { status, stdout } = await emu([
    'disasm',
    join(scratch, 'raw'),
    '--bits',
    '16',
    '--address',
    '0x7c01',
    '--offset',
    '1',
  ]);
  expect(status).toBe(0);
  expect(
    stdout
      .split('\n')
      .slice(0, 3)
      .map((line) => line.replace(/\s+/g, ' ').trim()),
  ).toEqual(['7c01: b8 34 12 mov ax,0x1234', '7c04: cd 10 int 0x10', '7c06: 0f 0b ud2']);
});

test('an ELF file of the host: its .text, at its address', async () => {
  const { stdout } = await emu(['disasm', process.execPath, '--count', '3']);
  expect(stdout.trim().split('\n')).toHaveLength(3);
});

test.each([
  [['--bits', '8'], /choose 16, 32 or 64/],
  [['--address', 'xyz'], /write a number/],
  [['--offset', '99'], /behind the end/],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await emu(['disasm', join(scratch, 'raw'), ...args]);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
