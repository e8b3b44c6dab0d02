import { afterEach, describe, expect, test } from 'vitest';
import { createMachine, type MachineOptions } from '../../src/machine/create-machine.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { NO_KVM, WHY } from './support.ts';

const PROMPT = 'emu> ';
const WORKLOADS = ['integer', 'branches', 'memory', 'calls', 'float', 'x87', 'strings'];
const PASSED = /self-tests: (\d+) passed, 0 failed/;

describe.skipIf(NO_KVM !== undefined)(`a machine under kvm${WHY}`, () => {
  let machine: Machine;
  afterEach(async () => machine.stop());

  const start = async (options: MachineOptions): Promise<void> => {
    machine = await createMachine({ memory: '16M', ...options });
    machine.start();
  };

  test('the built-in guest passes all of its self-tests', async () => {
    await start({ accel: 'kvm' });
    const text = await machine.console.waitFor(PROMPT, 200_000);
    expect(text).toMatch(PASSED);
    expect(machine.accelerator).toBe('kvm');
  });

  test('moves between the accelerators during the self-tests change nothing, and RAM stays where it is', async () => {
    await start({ accel: 'tcg:kvm' });
    const { buffer } = machine.pc.memory.ram;
    let moves = 0;
    let over = false;
    const done = machine.console.waitFor(PROMPT, 250_000).finally(() => {
      over = true;
    });
    while (!over && moves < 200) {
      await machine.switchAccelerator(moves % 2 === 0 ? 'kvm' : 'tcg');
      moves++;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await done).toMatch(PASSED);
    expect(moves).toBeGreaterThanOrEqual(20);
    expect(machine.pc.memory.ram.buffer).toBe(buffer);
  });

  test('programs in ring 3 give the same results under both, and work there goes on after a move', async () => {
    await start({ accel: 'tcg:kvm' });
    await machine.console.waitFor(PROMPT, 200_000);
    const bench = async (): Promise<Record<string, string>> => {
      machine.console.type(`${WORKLOADS.map((name) => `bench ${name}`).join(';')}\n`);
      const text = await machine.console.waitFor(/emu> $/, 200_000);
      return Object.fromEntries([...text.matchAll(/^(\w+) .* ([\da-f]{16}) ok/gm)].map(([, name, sum]) => [name, sum]));
    };
    const tcg = await bench();
    expect(Object.keys(tcg)).toEqual(WORKLOADS);
    await machine.switchAccelerator('kvm');
    expect(await bench()).toEqual(tcg);
    await machine.switchAccelerator('tcg');
    machine.console.type('poweroff\n');
    expect(await machine.exit).toEqual({ reason: 'poweroff' });
  });

  test('a machine that was not made for kvm says how to make one', async () => {
    await start({});
    await expect(machine.switchAccelerator('kvm')).rejects.toThrow('--accel tcg:kvm');
    expect(machine.accelerator).toBe('tcg');
  });

  test('counted time needs tcg', async () => {
    await expect(createMachine({ icount: true, accel: 'kvm:tcg' })).rejects.toThrow('use tcg alone');
    await start({});
  });

  test('the event loop stays alive while the guest computes', async () => {
    await start({ accel: 'kvm' });
    await machine.console.waitFor(PROMPT, 200_000);
    machine.console.type('bench integer 1000\n');
    const late: number[] = [];
    for (let n = 0; n < 30; n++) {
      const due = performance.now() + 5;
      await new Promise((resolve) => setTimeout(resolve, 5));
      late.push(performance.now() - due);
    }
    expect(late.sort((a, b) => a - b)[15]).toBeLessThan(30);
    machine.console.type('\x03');
    await machine.console.waitFor(PROMPT, 60_000);
  });
});
