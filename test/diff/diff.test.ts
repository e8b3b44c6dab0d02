import { describe, expect, it } from 'vitest';
import { Tiers } from './compare.ts';
import { generate } from './generate.ts';
import { INT_END } from './handlers.ts';
import { CODE } from './layout.ts';
import { assemble, raw } from './program.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/** EMU_DIFF_SEEDS runs more of them; run.ts shrinks what fails. */
const SEEDS = Number(process.env.EMU_DIFF_SEEDS ?? 24);

describe('random programs', () => {
  const tiers = new Tiers();

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %i ends alike in all tiers', (seed) => {
    const program = generate(seed);
    const difference = tiers.difference(program);
    if (difference !== undefined) expect.fail(report(program, difference));
  });

  it.each([3, 0])('a branch on the carry of IMUL, in world %i', (world) => {
    // mov ecx,4000; l: imul eax,ecx,1234567h; jbe l2; inc ebx; l2: dec ecx; jnz l
    const code = [
      0xb9, 0xa0, 0x0f, 0, 0, 0x69, 0xc1, 0x67, 0x45, 0x23, 0x01, 0x76, 2, 0xff, 0xc3, 0xff, 0xc9, 0x75, 0xf2,
    ];
    const items = [raw(code, 'loop'), raw([0xcd, INT_END], 'end')];
    const program = { ...generate(world), sections: [{ at: CODE, items }], tables: [], hot: 2, slices: [100_000] };
    expect(tiers.difference(program)).toBeUndefined();
  });

  it('the same seed makes the same program', () => {
    expect(assemble(generate(7)).pieces).toEqual(assemble(generate(7)).pieces);
  });

  it('shrinking keeps what fails', () => {
    const program = generate(5);
    const guilty = raw([0x90], 'guilty');
    const [main, ...rest] = program.sections;
    const seeded = { ...program, sections: [{ ...main!, items: [...main!.items, guilty] }, ...rest] };
    const small = shrink(seeded, ({ sections }) => sections[0]!.items.includes(guilty));
    expect(small.sections[0]!.items.filter(({ label, text }) => label === undefined && text !== 'end')).toEqual([
      guilty,
    ]);
  });
});
