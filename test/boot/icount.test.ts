import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findGuest } from '../../src/host/pull/pull-debian.ts';
import type { MachineOptions } from '../../src/index.ts';
import { builtLibrary } from './engine.ts';

interface Outcome {
  readonly text: string;
  readonly instructions: number;
  readonly registers: string;
  readonly memory: string;
}

const { createMachine } = await builtLibrary();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Runs until the guest has printed `last`, and stops at that very instruction. */
async function runUntil(last: string, options: MachineOptions): Promise<Outcome> {
  const machine = await createMachine({ ...options, icount: true });
  let text = '';
  const reached = new Promise<void>((resolve, reject) => {
    machine.console.onByte = (byte) => {
      text += String.fromCharCode(byte);
      if (!text.endsWith(last)) return;
      machine.console.onByte = () => {};
      machine.pause().then(resolve, reject);
    };
    machine.exit.then(
      (exit) => reject(new Error(`the guest ended: ${JSON.stringify(exit)}; ${text.slice(-500)}`)),
      reject,
    );
  });
  machine.start();
  await reached;
  const { instructions } = machine.vcpu;
  const registers = sha256(machine.readState().bytes);
  const memory = sha256(machine.pc.memory.ram.u8);
  await machine.stop();
  return { text, instructions, registers, memory };
}

const kernel = await findGuest('debian');

describe('two runs with counted time are the same', () => {
  it('the built-in guest, to its prompt', async () => {
    const options = { memory: '32M', firmware: new URL('../../firmware/emu-rom.bin', import.meta.url).pathname };
    const first = await runUntil('emu> ', options);
    expect(await runUntil('emu> ', options)).toEqual(first);
  }, 600_000);

  const why = kernel === undefined ? ' (skipped: not in the cache, run emu pull debian)' : '';
  it.skipIf(kernel === undefined)(
    `Debian's kernel, to its memory map${why}`,
    async () => {
      const options = { memory: '128M', kernel: kernel!.kernel, initrd: kernel!.initrd, append: 'console=ttyS0' };
      const first = await runUntil('Memory: ', options);
      expect(first.text).toContain('Linux version');
      expect(await runUntil('Memory: ', options)).toEqual(first);
    },
    600_000,
  );
});
