import { afterEach, describe, expect, test } from 'vitest';
import { compare } from '../../src/debug/compare/compare.ts';
import { createMachine } from '../../src/machine/create-machine.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { NO_KVM, WHY } from './support.ts';

describe.skipIf(NO_KVM !== undefined)(`the same guest under tcg and kvm${WHY}`, () => {
  let machines: Machine[] = [];
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    machines = [];
  });

  test('prints the same, and goes the same way instruction by instruction', async () => {
    machines.push(await createMachine({ accel: 'tcg:kvm' }), await createMachine({ accel: 'kvm' }));
    const { lines, alike } = await compare(machines[0]!, machines[1]!, {
      until: 'emu> ',
      type: 'bench integer/64 1',
      steps: 2000,
      skip: 100_000,
      patienceMs: 120_000,
    });
    expect(lines.join('\n')).toMatch(/ 0 different/);
    expect(lines.join('\n')).toMatch(/lockstep: 2000 instructions alike, [1-9]\d* of them under KVM/);
    expect(alike).toBe(true);
  });
});
