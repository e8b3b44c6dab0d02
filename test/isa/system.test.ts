import { describe, expect, it } from 'vitest';
import { emits, TEST_TIERS } from '../support/tiers.ts';
import { SYSTEM_CASES } from './system-cases.ts';
import { SystemMachine } from './system-machine.ts';

describe.each(TEST_TIERS)('system instructions as the SDM has them (%s)', (tier) => {
  const machine = new SystemMachine(tier);
  it.each(SYSTEM_CASES)('%s (%s)', (_name, mode, hex, given, changed) => {
    expect(machine.check(mode, Buffer.from(hex, 'hex'), given, changed)).toEqual([]);
  });
  it.runIf(emits(tier))('made a region for each', () => {
    expect(machine.vcpu.regions!.stats.made).toBe(SYSTEM_CASES.length);
  });
});
