import { findGuest, type GuestArch } from '../host/pull/pull-debian.ts';
import { createMachine } from '../machine/create-machine.ts';
import type { Machine } from '../machine/machine.ts';
import { Gap, type Measured } from './engine.ts';
import type { GuestSetup } from './guest-engine.ts';
import { LINUX_WORKLOADS } from './linux-workloads.ts';

const READY = 'emu: shell ready';
const PROMPT = /emu:\S+# (\S+6n)?$/;
const PATIENCE_MS = 300_000;

/** A Debian guest at its shell, standing still. */
export class LinuxGuest {
  readonly arch: GuestArch;
  readonly #machine: Machine;
  readonly #marks: LineMarks;
  readonly #prepared = new Set<string>();
  #commands = 0;

  private constructor(arch: GuestArch, machine: Machine, marks: LineMarks) {
    this.arch = arch;
    this.#machine = machine;
    this.#marks = marks;
  }

  /** Boots to the prompt; `ms` is the time to the shell's first output. @throws Gap */
  static async boot({ accel, tier }: GuestSetup, arch: GuestArch): Promise<{ guest: LinuxGuest; ms: number }> {
    const files = await findGuest('debian', { arch });
    if (files === undefined) throw new Gap(`no such guest: emu pull debian --arch ${arch}`);
    const marks = new LineMarks();
    const started = performance.now();
    const { kernel, initrd } = files;
    const options = { kernel, initrd, append: 'console=ttyS0', memory: '256M', accel, tier, noReboot: true };
    const machine = await createMachine(options);
    machine.console.onByte = marks.take;
    machine.start();
    await machine.console.waitFor(READY, PATIENCE_MS);
    await machine.console.waitFor(PROMPT, PATIENCE_MS);
    const ms = marks.timeOf(READY) - started;
    await machine.pause();
    return { guest: new LinuxGuest(arch, machine, marks), ms };
  }

  /** Runs a workload by its name. */
  async run(name: string): Promise<Measured> {
    const work = LINUX_WORKLOADS.find((other) => other.name === name)!;
    this.#machine.start();
    if (!this.#prepared.has(work.prepare)) await this.#timed(work.prepare);
    this.#prepared.add(work.prepare);
    const { ms } = await this.#timed(work.command);
    const { result } = await this.#timed(work.show);
    await this.#machine.pause();
    return { ms, result };
  }

  async close(): Promise<void> {
    await this.#machine.stop();
  }

  /** Time between the marks that the shell prints around a command, and what the command printed. */
  async #timed(command: string): Promise<Measured> {
    const { console: serial } = this.#machine;
    const number = ++this.#commands;
    // The typed line holds the marks in two halves.
    serial.type(`echo be''gin-${number}; ${command}; echo en''d-${number}\n`);
    const [begin, end] = [`begin-${number}`, `end-${number}`];
    await serial.waitFor(`${begin}\r\n`, PATIENCE_MS);
    const text = await serial.waitFor(`${end}\r\n`, PATIENCE_MS);
    await serial.waitFor(PROMPT, PATIENCE_MS);
    const result = text.slice(0, -end.length - 2).trim();
    return { ms: this.#marks.timeOf(end) - this.#marks.timeOf(begin), result };
  }
}

/** When each line of a serial line ended. */
class LineMarks {
  #line = '';
  readonly #times = new Map<string, number>();

  readonly take = (byte: number): void => {
    if (byte !== 10) {
      if (byte !== 13) this.#line += String.fromCharCode(byte);
      return;
    }
    this.#times.set(this.#line, performance.now());
    this.#line = '';
  };

  timeOf(line: string): number {
    return this.#times.get(line) ?? Number.NaN;
  }
}
