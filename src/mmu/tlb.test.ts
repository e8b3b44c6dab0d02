import { expect, test } from 'vitest';
import { Tlb } from './tlb.ts';

const PAGE = 0x1000;
const holds = (tlb: Tlb, low: number): boolean => (tlb.tables[0].xor[low >>> 12]! ^ low) >= 0;

test('INVLPG drops one small page, and all fragments of a large one (SDM 3A 4.10.4.1)', () => {
  const tlb = new Tlb(0x1000);
  for (const [base, shift] of [
    [0x400000, 21],
    [0x800000, 22],
    [0x40000000, 30],
  ] as const) {
    const size = 2 ** shift;
    const inside = [base, base + PAGE, base + size - PAGE];
    const outside = [base - PAGE, (base + size) | 0];
    for (const low of [...inside, ...outside]) tlb.fill(0, low, 0, low & 0xfff000, true);
    for (const low of inside) tlb.noteLarge(low, shift);
    tlb.flushPage(base + 5 * PAGE);
    expect(inside.map((low) => holds(tlb, low))).toEqual([false, false, false]);
    if (shift < 30) expect(outside.map((low) => holds(tlb, low))).toEqual([true, true]);
  }
  tlb.fill(0, 0x1000, 0, 0x1000, false);
  tlb.fill(0, 0x2000, 0, 0x2000, false);
  tlb.flushPage(0x1fff);
  expect([holds(tlb, 0x1000), holds(tlb, 0x2000)]).toEqual([false, true]);
});

test('an empty table has no entry, with untouched words for the upper half of the addresses', () => {
  const { tables } = new Tlb(0x1000);
  for (const { xor } of tables) {
    expect(xor.subarray(0x80000).every((word) => word === 0)).toBe(true);
    expect(xor.every((word, index) => (word ^ (index << 12)) < 0)).toBe(true);
  }
});
