import { expect, it } from 'vitest';
import { compare } from './compare.ts';
import { generate } from './generate.ts';
import { DiffMachine } from './machine.ts';
import { report } from './report.ts';

const PROGRAMS = Array.from({ length: 18 }, (_, seed) => generate(600 + seed));
const oracle = new DiffMachine('eval');

/** So little that programs lose their own code while they run. */
it.each([{ records: 450 }, { characters: 8_000 }, { forms: 40 }, { records: 700, characters: 20_000, forms: 100 }])(
  'programs whose code is forgotten all the time end alike: %j',
  (limits) => {
    const machine = new DiffMachine('jit', { hot: 2 }, limits);
    const { code, forms, regions } = machine.vcpu;
    let evicted = 0;
    for (const program of PROGRAMS) {
      const expected = oracle.run(program);
      const got = machine.run(program);
      if (expected.reason === 'too long') continue;
      const lines = compare(expected, got, program.interrupts);
      if (lines.length > 0) expect.fail(report(program, lines.join('\n')));
      // What ran since the last look may lie above.
      expect(code.size).toBeLessThan((limits.records ?? 1e6) + 2_000);
      expect(regions!.characters).toBeLessThan((limits.characters ?? 1e6) + 200_000);
      expect(forms.count).toBeLessThan((limits.forms ?? 1e6) + 500);
      evicted = regions!.stats.evicted;
    }
    if (limits.characters !== undefined) expect(evicted).toBeGreaterThan(5);
  },
);
