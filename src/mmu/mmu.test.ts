import { expect, test } from 'vitest';
import { AddressMap } from '../memory/address-map.ts';
import { CodePages } from '../memory/code-pages.ts';
import { GuestRam } from '../memory/ram.ts';
import { HOW, Mmu } from './mmu.ts';

const RAM = 0x10000;
const [TABLE, DIRECTORY] = [0x1000, 0x2000];
const [PRESENT, WRITABLE] = [1, 2];

/** Pages 4 and 5 are there, 5 cannot be written, 6 is not there. */
function twoPages(): { mmu: Mmu; faults: string[] } {
  const ram = new GuestRam(new ArrayBuffer(RAM), RAM);
  const map = new AddressMap(ram);
  map.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM, offset: 0 });
  ram.view.setUint32(DIRECTORY, TABLE | PRESENT | WRITABLE, true);
  ram.view.setUint32(TABLE + 4 * 4, 0x4000 | PRESENT | WRITABLE, true);
  ram.view.setUint32(TABLE + 4 * 5, 0x5000 | PRESENT, true);
  const faults: string[] = [];
  const off = { pae: false, long: false, pse: false, nx: false, smep: false, smap: false, smapOverride: false };
  const config = { ...off, enabled: true, writeProtect: true, root: DIRECTORY, pcid: 0, pdpte: new Int32Array(8) };
  const mmu = new Mmu(map, new CodePages(RAM), config, {
    pageFault: (low, _high, errorCode) => {
      faults.push(`${low.toString(16)}(${errorCode})`);
      throw new Error('page fault');
    },
    nonCanonical: () => {
      throw new Error('not canonical');
    },
  });
  return { mmu, faults };
}

test('a fault of the second page of an access is at that page, whatever its size', () => {
  for (const page of [0x6000, 0x5000]) {
    const { mmu, faults } = twoPages();
    const how = page === 0x5000 ? HOW.FOR_WRITE : 0;
    const code = page === 0x5000 ? 3 : 0;
    const attempts = [
      () => mmu.read16(page - 1, 0, how),
      () => mmu.read32(page - 1, 0, how),
      () => mmu.read64(page - 1, 0, how),
      () => mmu.read64(page - 6, 0, how),
    ];
    for (const attempt of attempts) expect(attempt).toThrow('page fault');
    expect(faults).toEqual(attempts.map(() => `${page.toString(16)}(${code})`));
  }
});
