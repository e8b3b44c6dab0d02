import { describe, expect, test } from 'vitest';
import { createMachine } from '../../src/machine/create-machine.ts';
import { NO_KVM, WHY } from './support.ts';

const TIMES = 15;

describe.skipIf(NO_KVM !== undefined)(`interrupts while a program ends${WHY}`, () => {
  // The workload ends with INT3 while timer interrupts come every 50 microseconds.
  test('no INT3 is lost', async () => {
    const machine = await createMachine({ memory: '16M', accel: 'kvm' });
    machine.start();
    await machine.console.waitFor('emu> ', 200_000);
    machine.console.type(`${Array(TIMES).fill('bench timer/64').join(';')}\n`);
    const text = await machine.console.waitFor(/emu> $/, 60_000);
    await machine.stop();
    expect(text).not.toContain('exception');
    expect(text.match(/9e3779b9 ok/g)).toHaveLength(TIMES);
  });
});
