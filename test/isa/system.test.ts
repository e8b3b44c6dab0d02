import { describe, expect, it } from 'vitest';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { SYSTEM_CASES } from './system-cases.ts';
import { SystemMachine } from './system-machine.ts';

describe.each<Tier>(['eval', 'interp', 'jit'])('system instructions as the SDM has them (%s)', (tier) => {
  const machine = new SystemMachine(tier);
  it.each(SYSTEM_CASES)('%s (%s)', (_name, mode, hex, given, changed) => {
    expect(machine.check(mode, Buffer.from(hex, 'hex'), given, changed)).toEqual([]);
  });
  it.runIf(tier === 'jit')('made a region for each', () => {
    expect(machine.vcpu.regions!.stats.made).toBe(SYSTEM_CASES.length);
  });
});
