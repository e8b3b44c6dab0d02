import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { targetTable } from './target-table.ts';

describe('a table of jump targets', () => {
  it('has a slot of its own for each, and few beside them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 48 }), (numbers) => {
        const { factor, shift, slots } = targetTable(numbers);
        numbers.forEach((number, which) => {
          expect(slots[Math.imul(number, factor) >>> shift]).toBe(which);
        });
        expect(slots.filter((which) => which !== -1)).toHaveLength(numbers.length);
        expect(slots.length).toBeLessThanOrEqual(2048);
      }),
    );
  });

  it('takes handlers at equal distances', () => {
    const { slots } = targetTable(Array.from({ length: 48 }, (_, n) => n * 64));
    expect(slots.length).toBeLessThanOrEqual(512);
  });

  it('does not look for ever', () => {
    expect(() => targetTable([1, 2, 1])).toThrow('alike');
  });
});
