import { expect, test } from 'vitest';
import { AddressMap } from '../memory/address-map.ts';
import { CodePages } from '../memory/code-pages.ts';
import { GuestRam } from '../memory/ram.ts';
import { HOW, Mmu } from './mmu.ts';

const RAM = 0x10000;
const [TABLE, DIRECTORY] = [0x1000, 0x2000];
const [PRESENT, WRITABLE] = [1, 2];

/** Pages 4 and 5 are there, 5 cannot be written, 6 is not there. */
function twoPages(): { mmu: Mmu; faults: string[]; code: CodePages } {
  const ram = new GuestRam(new ArrayBuffer(RAM), RAM);
  const map = new AddressMap(ram);
  map.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM, offset: 0 });
  ram.view.setUint32(DIRECTORY, TABLE | PRESENT | WRITABLE, true);
  ram.view.setUint32(TABLE + 4 * 4, 0x4000 | PRESENT | WRITABLE, true);
  ram.view.setUint32(TABLE + 4 * 5, 0x5000 | PRESENT, true);
  const faults: string[] = [];
  const off = { pae: false, long: false, pse: false, nx: false, smep: false, smap: false, smapOverride: false };
  const config = { ...off, enabled: true, writeProtect: true, root: DIRECTORY, pcid: 0, pdpte: new Int32Array(8) };
  const code = new CodePages(RAM);
  const mmu = new Mmu(map, code, config, {
    pageFault: (low, _high, errorCode) => {
      faults.push(`${low.toString(16)}(${errorCode})`);
      throw new Error('page fault');
    },
    nonCanonical: () => {
      throw new Error('not canonical');
    },
  });
  return { mmu, faults, code };
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

/** Pages 4 and 5 lie on frames 7 and 9. */
function apart(): { mmu: Mmu; view: DataView; code: CodePages } {
  const { mmu, code } = twoPages();
  const { view } = mmu.map.ram;
  view.setUint32(TABLE + 4 * 4, 0x7000 | PRESENT | WRITABLE, true);
  view.setUint32(TABLE + 4 * 5, 0x9000 | PRESENT | WRITABLE, true);
  return { mmu, view, code };
}

test.each([
  [2, 1],
  [4, 3],
  [8, 1],
  [8, 5],
])('%i bytes, %i of them before the end of a page, lie on both frames', (size, here) => {
  const { mmu, view } = apart();
  const at = 0x5000 - here;
  const bytes = [0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8].slice(0, size);
  const number = (from: number, to: number) =>
    Number(bytes.slice(from, to).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)) | 0;
  if (size === 2) mmu.write16(at, 0, number(0, 2), 0);
  else if (size === 4) mmu.write32(at, 0, number(0, 4), 0);
  else mmu.write64(at, 0, number(0, 4), number(4, 8), 0);
  const frames = [0x8000 - here, 0x9000].map((from, part) =>
    Array.from({ length: part === 0 ? here : size - here }, (_, k) => view.getUint8(from + k)),
  );
  expect(frames.flat()).toEqual(bytes);
  expect([view.getUint8(0x8000), view.getUint8(0x7fff - here), view.getUint8(0x9000 + size - here)]).toEqual([0, 0, 0]);
  if (size === 2) expect(mmu.read16(at, 0, 0)).toBe(number(0, 2) & 0xffff);
  else if (size === 4) expect(mmu.read32(at, 0, 0)).toBe(number(0, 4));
  else expect([mmu.read64(at, 0, 0), mmu.high]).toEqual([number(0, 4), number(4, 8)]);
});

test('a write across a page end changes the code on either page', () => {
  const { mmu, view, code } = apart();
  const written: number[][] = [];
  for (const frame of [7, 9]) code.mark(frame);
  code.onWrite = (offset, length) => written.push([offset, length]);
  mmu.write64(0x4ffd, 0, -1, -1, 0);
  expect(view.getBigUint64(0x7ff8, true)).toBe(0xffffff0000000000n);
  expect(written).toEqual([
    [0x7ffd, 3],
    [0x9000, 5],
  ]);
});
