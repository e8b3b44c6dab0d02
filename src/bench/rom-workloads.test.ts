import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROM_WORKLOADS } from './rom-workloads.ts';

const source = (name: string): string =>
  readFileSync(new URL(`../../firmware/src/bench/${name}`, import.meta.url), 'utf8');

test('the table is that of the guest: names in order, checksums of both widths', () => {
  const rows = [...source('table.c').matchAll(/WORK\((\w+), ".*", .*?, (\w+), (\w+), \w+\),$/gm)];
  const digits = (text: string): string => BigInt(text).toString(16).padStart(16, '0');
  expect(rows.map(([, name, wide, narrow]) => [name, digits(wide!), digits(narrow!)])).toEqual(
    ROM_WORKLOADS.map(({ name, checksum }) => [name, checksum[64], checksum[32]]),
  );
});
