import { describe, expect, it } from 'vitest';
import { BootError } from './boot-error.ts';
import { e820Map } from './e820.ts';
import { memoryLayout } from './memory-layout.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('memoryLayout', () => {
  it('splits RAM at 3 GiB and goes on at 4 GiB', () => {
    expect(memoryLayout(3 * GIB)).toMatchObject({ lowTop: 3 * GIB, highLength: 0 });
    expect(memoryLayout(3 * GIB + 4096)).toMatchObject({ lowTop: 3 * GIB, highLength: 4096 });
    expect(memoryLayout(64 * MIB).acpi).toEqual({ base: 64 * MIB - 0x10000, length: 0x10000 });
  });

  it.each([0, MIB, 2 * MIB + 1, -4096, Number.NaN, Number.POSITIVE_INFINITY, 2.5])('refuses %s bytes', (size) => {
    expect(() => memoryLayout(size)).toThrow(BootError);
  });
});

describe('e820Map', () => {
  it.each([2 * MIB, 128 * MIB, 3 * GIB, 8 * GIB])(
    'of %i bytes ascends, does not overlap, and holds all RAM',
    (size) => {
      const rows = e820Map(memoryLayout(size));
      rows.slice(1).forEach((row, index) => {
        expect(row.base).toBeGreaterThanOrEqual(rows[index].base + rows[index].length);
      });
      const usable = rows.filter((row) => row.type === 1).reduce((sum, row) => sum + row.length, 0);
      expect(usable).toBe(size - 0x10000 - (MIB - 0x9fc00)); // without ACPI's part and the adapters' window
    },
  );
});
