import { createMachine } from '../machine/create-machine.ts';
import type { Machine } from '../machine/machine.ts';
import { Gap, type Measured } from './engine.ts';
import type { GuestSetup } from './guest-engine.ts';
import type { Width } from './rom-workloads.ts';

const PROMPT = 'emu> ';
/** The reference tier needs minutes for what emitted code does in a second. */
const PATIENCE_MS = 600_000;
const MARK_START = 's'.charCodeAt(0);
const MARK_END = 'e'.charCodeAt(0);

/** The guest that comes with emu, at its prompt, standing still. */
export class RomGuest {
  readonly #machine: Machine;
  readonly #marks: Marks;

  private constructor(machine: Machine, marks: Marks) {
    this.#machine = machine;
    this.#marks = marks;
  }

  static async boot({ accel, tier, firmware }: GuestSetup): Promise<RomGuest> {
    const marks = new Marks();
    const options = { memory: '32M', accel, tier, debugcon: marks.take, noReboot: true };
    const machine = await createMachine(firmware === undefined ? options : { ...options, firmware });
    machine.start();
    await machine.console.waitFor(PROMPT, PATIENCE_MS);
    await machine.pause();
    return new RomGuest(machine, marks);
  }

  /** Lets a workload run `runs` times. @throws Gap when the guest says that it could not */
  async run(job: { readonly workload: string; readonly width: Width; readonly runs: number }): Promise<Measured> {
    const { console: serial } = this.#machine;
    this.#marks.clear();
    this.#machine.start();
    serial.type(`bench ${job.workload}/${job.width} ${job.runs}\n`);
    const text = await serial.waitFor(PROMPT, PATIENCE_MS);
    await this.#machine.pause();
    const [, result] = /([\da-f]{16}) (?:ok|WRONG)/.exec(text) ?? [];
    const { ms } = this.#marks;
    if (result === undefined || ms === undefined) throw new Gap(`the guest said: ${lastLine(text)}`);
    return { ms, result };
  }

  async close(): Promise<void> {
    await this.#machine.stop();
  }
}

/** The line before the prompt. */
const lastLine = (text: string): string => text.slice(0, -PROMPT.length).trim().split(/\s*\n/).at(-1) ?? '';

/** Time between two bytes on port E9h, taken while the guest waits for its OUT to be done. */
class Marks {
  #start: number | undefined;
  ms: number | undefined;

  readonly take = (byte: number): void => {
    if (byte === MARK_START) this.#start = performance.now();
    else if (byte === MARK_END && this.#start !== undefined) this.ms = performance.now() - this.#start;
  };

  clear(): void {
    this.#start = undefined;
    this.ms = undefined;
  }
}
