import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { BootError } from '../../src/machine/boot/boot-error.ts';
import { createMachine, type MachineOptions } from '../../src/machine/create-machine.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { ROOT } from '../cli/run-emu.ts';
import { kvmFiles, NO_KVM, WHY } from './support.ts';

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

  test('an ended machine leaves no file of KVM open, and its last state can be read', async () => {
    await start({ accel: 'kvm' });
    await machine.console.waitFor('self-test', 60_000);
    await machine.stop();
    expect(kvmFiles()).toEqual([]);
    expect(machine.readState().get('rip')).toBeGreaterThan(0n);
    await expect(machine.switchAccelerator('kvm')).rejects.toThrow('over');
  });

  test('a machine that cannot be made leaves none either', async () => {
    const broken = createMachine({ accel: 'kvm', kernel: new Uint8Array(4096), memory: '16M' });
    await expect(broken).rejects.toThrow(BootError);
    expect(kvmFiles()).toEqual([]);
    await start({});
  });

  test('guest memory goes back to the host', async () => {
    await start({});
    const script = `
      import { readFileSync } from 'node:fs';
      import { createMachine } from './src/index.ts';
      const size = () => Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
      const round = async () => {
        const machine = await createMachine({ accel: 'kvm', memory: '256M' });
        await machine.stop();
      };
      const settle = async () => {
        for (let n = 0; n < 5; n++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
      };
      await round();
      await settle();
      const before = size();
      for (let n = 0; n < 6; n++) await round();
      await settle();
      console.log(Math.round(size() - before));`;
    const node = [...['--expose-gc', '--import', 'tsx', '--input-type=module'], '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, node, { cwd: ROOT, encoding: 'utf8' });
    expect(Number(stdout.trim() || 'nothing'), stderr).toBeLessThan(256);
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
