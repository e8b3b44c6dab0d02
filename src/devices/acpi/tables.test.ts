import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acpiTables } from './tables.ts';

const tables = acpiTables({
  rsdpAt: 0xf0000,
  tablesAt: 0x7fe0000,
  pmBase: 0x600,
  sciIrq: 9,
  vga: false,
  pciMemory: { first: 0x8000000, last: 0xfebfffff },
  serialPorts: [
    { base: 0x3f8, irq: 4 },
    { base: 0x2f8, irq: 3 },
  ],
  pciIrq: (slot, pin) => [10, 11][(slot + pin) & 1],
});
const find = (name: string) => tables.find((table) => table.name === name)!;
const u32 = (name: string, at: number) => {
  const { bytes } = find(name);
  return new DataView(bytes.buffer).getUint32(at, true);
};
const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => total + byte, 0) & 0xff;

describe('ACPI tables', () => {
  test('lengths and checksums hold', () => {
    for (const { name, bytes } of tables) {
      if (name === 'RSDP') expect([sum(bytes.subarray(0, 20)), sum(bytes)]).toEqual([0, 0]);
      else expect(u32(name, 4), name).toBe(bytes.length);
      if (name !== 'FACS') expect(sum(bytes), name).toBe(0);
    }
  });

  test('the chain from the RSDP reaches every table, and none overlap', () => {
    expect(u32('RSDP', 16)).toBe(find('RSDT').address);
    expect(u32('RSDP', 24)).toBe(find('XSDT').address);
    expect([u32('RSDT', 36), u32('XSDT', 36)]).toEqual([find('FADT').address, find('FADT').address]);
    expect([u32('FADT', 36), u32('FADT', 40)]).toEqual([find('FACS').address, find('DSDT').address]);
    const sorted = [...tables].sort((a, b) => a.address - b.address);
    for (let i = 1; i < sorted.length; i++) {
      expect(sorted[i].address).toBeGreaterThanOrEqual(sorted[i - 1].address + sorted[i - 1].bytes.length);
    }
    expect(find('FACS').address % 64).toBe(0);
  });

  const iasl = spawnSync('iasl', ['-v']).error === undefined;
  test.skipIf(!iasl)('iasl disassembles them, and compiles the DSDT again to the same AML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'emu-acpi-'));
    try {
      for (const name of ['DSDT', 'FADT', 'RSDT', 'XSDT', 'FACS']) {
        const file = join(folder, `${name}.dat`);
        writeFileSync(file, find(name).bytes);
        const output = execFileSync('iasl', ['-d', file], { encoding: 'utf8', stdio: 'pipe' });
        expect(output, name).not.toMatch(/error|invalid|incorrect/i);
      }
      const source = readFileSync(join(folder, 'DSDT.dsl'), 'utf8');
      expect(source).toContain('EisaId ("PNP0A03")');
      expect(source).toMatch(/Name \(_S5.*Package/);
      const compiled = execFileSync('iasl', ['-p', join(folder, 'again'), join(folder, 'DSDT.dsl')], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      expect(compiled).toMatch(/ 0 Errors, 0 Warnings/);
      const again = readFileSync(join(folder, 'again.aml'));
      expect(again.subarray(36).equals(find('DSDT').bytes.subarray(36))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
