import { describe, expect, it } from 'vitest';
import { type Row, undefinedFlags } from '../../src/cpu/isa/row.ts';
import type { TestTier } from '../support/tiers.ts';
import { apply, clone, difference, formatCase, stateOf } from './cases.ts';
import { integerCases } from './integer-cases.ts';
import { TestMachine } from './machine.ts';

/** Flags that must agree: those that the row does not leave undefined. */
const definedFlags = (row: Row): number => 0xcd5 & ~undefinedFlags(row);

function outcome(run: () => string): string {
  try {
    return run();
  } catch (thrown) {
    return String(thrown);
  }
}

/** What the machine does otherwise than the host, one line a case. */
function failures(tier: TestTier, width: 32 | 64, machine = new TestMachine(tier, width)): string[] {
  const wrong: string[] = [];
  for (const { test, row } of integerCases(tier, width)) {
    const { bytes, seed, given, changed } = test;
    const before = apply(given, stateOf(seed, width === 64));
    const wanted = clone(before);
    if (!changed.includes('#')) wanted.rip += BigInt(bytes.length);
    apply(changed, wanted);
    const delta = outcome(() => difference(wanted, machine.run(bytes, before), definedFlags(row)));
    if (delta !== '-') wrong.push(`${row.opcode} ${row.mnemonic} ${row.operands} | ${formatCase(test)} | got ${delta}`);
  }
  return wrong;
}

describe.each(['eval', 'interp'] as const)('instructions as the host CPU does them (%s)', (tier) => {
  it.each([64, 32] as const)('in %i-bit code', { timeout: 60_000 }, (width) => {
    expect(failures(tier, width)).toEqual([]);
  });
});

describe('instructions as the host CPU does them, compiled as a region', () => {
  it.each([
    ['jit', 64],
    ['js', 64],
    ['jit', 32],
  ] as const)('%s, in %i-bit code', { timeout: 60_000 }, (tier, width) => {
    const machine = new TestMachine(tier, width);
    expect(failures(tier, width, machine)).toEqual([]);
    expect(machine.vcpu.regions!.stats.made).toBeGreaterThan(100);
  });
});
