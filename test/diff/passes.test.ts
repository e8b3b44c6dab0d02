import { describe, expect, it } from 'vitest';
import { PASS_NAMES, type Passes } from '../../src/accel/tcg/jit/passes.ts';
import { compare } from './compare.ts';
import { generate } from './generate.ts';
import { DiffMachine, type Outcome } from './machine.ts';
import { report } from './report.ts';

/** Two programs of each world, and one that divides. */
const PROGRAMS = [...Array.from({ length: 12 }, (_, seed) => 100 + seed), 255].map(generate);
const oracle = new DiffMachine('eval');
const EXPECTED = PROGRAMS.map((program) => oracle.run(program));

interface Run {
  readonly outcomes: readonly Outcome[];
  /** The code that was made, and what it did. */
  readonly made: string;
}

function runAll(passes: Partial<Passes>): Run {
  const machine = new DiffMachine('jit', { hot: 2, passes });
  const regions = machine.vcpu.regions!;
  const texts: string[] = [];
  regions.onMade = ({ text }) => texts.push(text);
  const outcomes = PROGRAMS.map((program) => machine.run(program));
  const { lookups } = regions.stats;
  return { outcomes, made: [...texts, `lookups ${lookups}`].join('\n') };
}

/** What the emitter of WebAssembly knows how to leave out. */
const FOR_BOTH = PASS_NAMES.filter(
  (name) => !['flag-sinking', 'value-facts', 'aligned-access', 'high-halves'].includes(name),
);

const FOR_WEB_ASSEMBLY = ['web-assembly', 'inline-vector', 'branch-hints', 'shared-lookups'];
const FOR_JAVASCRIPT = PASS_NAMES.filter((name) => !FOR_WEB_ASSEMBLY.includes(name));

describe.each([
  ['JavaScript', { 'web-assembly': false }, [...FOR_JAVASCRIPT, 'all']],
  ['WebAssembly', {}, [...FOR_BOTH, 'all']],
] as const)('a pass that is switched off in %s', (_, base, names) => {
  const { made } = runAll(base);

  it.each(names)('%s: other code, the same results', (name) => {
    const off = name === 'all' ? PASS_NAMES.filter((pass) => pass !== 'web-assembly') : [name];
    const run = runAll({ ...base, ...Object.fromEntries(off.map((pass) => [pass, false])) });
    expect(run.made).not.toBe(made);
    PROGRAMS.forEach((program, n) => {
      if (EXPECTED[n]!.reason === 'too long') return;
      const lines = compare(EXPECTED[n]!, run.outcomes[n]!, program.interrupts);
      if (lines.length > 0) expect.fail(report(program, `without ${name}:\n${lines.join('\n')}`));
    });
  });
});
