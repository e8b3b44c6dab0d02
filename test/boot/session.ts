import { readFile } from 'node:fs/promises';
import { type CpioEntry, cpioArchive } from '../../src/host/pull/cpio.ts';
import type { Machine, MachineExit, MachineOptions, PulledGuest } from '../../src/index.ts';
import { builtLibrary } from './engine.ts';

/** Generous: other work may have the processor. */
const PATIENCE_MS = 560_000;
const PROMPT = /emu:\S+# (\S+6n)?$/;

/** A Debian guest at its shell. */
export class ShellSession {
  readonly machine: Machine;
  #commands = 0;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Boots to the prompt. `files` are added to the guest's root file system. */
  static async boot(
    guest: PulledGuest,
    options: MachineOptions,
    files: readonly CpioEntry[] = [],
  ): Promise<ShellSession> {
    const { createMachine } = await builtLibrary();
    const own = await readFile(guest.initrd);
    // An archive begins at a multiple of four.
    const initrd = Buffer.concat([own, new Uint8Array(-own.length & 3), cpioArchive(files)]);
    const machine = await createMachine({
      kernel: guest.kernel,
      initrd,
      append: 'console=ttyS0',
      noReboot: true,
      ...options,
    });
    machine.start();
    await machine.console.waitFor('emu: shell ready', PATIENCE_MS);
    await machine.console.waitFor(PROMPT, PATIENCE_MS);
    return new ShellSession(machine);
  }

  /** Types a command line and gives what it prints. */
  async run(command: string): Promise<string> {
    const { console: serial } = this.machine;
    const number = ++this.#commands;
    // The typed line holds the marks in two halves, the answer as a whole.
    serial.type(`echo be''gin-${number}; ${command}; echo en''d-${number}-\n`);
    await serial.waitFor(`begin-${number}\r\n`, PATIENCE_MS);
    const end = `end-${number}-`;
    const text = await serial.waitFor(end, PATIENCE_MS);
    await serial.waitFor(PROMPT, PATIENCE_MS);
    return text.slice(0, -end.length).replaceAll('\r', '');
  }

  async powerOff(): Promise<MachineExit> {
    this.machine.console.type('poweroff -f\n');
    return this.machine.exit;
  }
}
