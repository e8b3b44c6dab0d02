import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createMachine } from '../../src/machine/create-machine.ts';
import { ROOT } from '../cli/run-emu.ts';
import { kvmFiles, NO_KVM, WHY } from './support.ts';

const WORK = 'bench integer/64 20;bench memory/64 5;bench timer/64';

const checksums = (output: string): string[] => [...output.matchAll(/([\da-f]{16}) ok/g)].map((match) => match[1]!);

/** Checksums of what a machine's programs computed. */
async function work(): Promise<string[]> {
  const machine = await createMachine({ accel: 'kvm', memory: '16M' });
  machine.start();
  await machine.console.waitFor('emu> ', 200_000);
  machine.console.type(`${WORK}\n`);
  const output = await machine.console.waitFor(/emu> $/, 200_000);
  await machine.stop();
  return checksums(output);
}

/** The same in a process of its own. */
async function workElsewhere(): Promise<string[]> {
  const script = `
    import { createMachine } from './src/index.ts';
    const machine = await createMachine({ accel: 'kvm', memory: '16M' });
    machine.start();
    await machine.console.waitFor('emu> ', 200_000);
    machine.console.type('${WORK}\\n');
    console.log(await machine.console.waitFor(/emu> $/, 200_000));
    await machine.stop();`;
  const node = ['--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, node, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return checksums(await text(child.stdout));
}

describe.skipIf(NO_KVM !== undefined)(`two machines at once${WHY}`, () => {
  test('in one process', async () => {
    const [one, other] = await Promise.all([work(), work()]);
    expect(one).toHaveLength(3);
    expect(other).toEqual(one);
    expect(kvmFiles()).toEqual([]);
  });

  test('in two processes', async () => {
    const [here, there] = await Promise.all([work(), workElsewhere()]);
    expect(here).toHaveLength(3);
    expect(there).toEqual(here);
  });
});
