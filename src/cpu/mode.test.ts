import { expect, test } from 'vitest';
import { MODE, updateMode } from './mode.ts';
import { AR, CpuState, CR0, CS, FS, GS, W } from './state.ts';

const DATA = AR.P | AR.S | AR.WRITABLE;

/** Protected mode with FS and GS at a base. */
function modeWith(cpl: number, limit: number, attributes = DATA): number {
  const { words: w } = new CpuState();
  w[W.cr0] = CR0.PE;
  w[W.cpl] = cpl;
  w[W.attributes + CS] = AR.P | AR.S | AR.CODE | AR.READABLE | AR.DB;
  for (const seg of [FS, GS]) {
    w[W.base + 2 * seg] = 0x1000;
    w[W.limit + seg] = limit;
    w[W.attributes + seg] = attributes;
  }
  updateMode(w);
  return w[W.mode]! & (MODE.OPEN_FS | MODE.OPEN_GS);
}

test('FS is open with 4 GiB that may be written; GS in programs alone', () => {
  expect(modeWith(0, -1)).toBe(MODE.OPEN_FS);
  expect(modeWith(3, -1)).toBe(MODE.OPEN_FS | MODE.OPEN_GS);
  expect(modeWith(3, 0xffff)).toBe(0);
  expect(modeWith(3, -1, AR.P | AR.S), 'read-only').toBe(0);
  expect(modeWith(3, -1, DATA | AR.UNUSABLE)).toBe(0);
});
