import { describe, expect, it } from 'vitest';
import { Tiers } from './compare.ts';
import { generate } from './generate.ts';
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
