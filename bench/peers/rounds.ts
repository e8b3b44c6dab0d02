/** A moment: milliseconds of real time, and of CPU time that the process has used in all its threads. */
export interface Moment {
  readonly wall: number;
  readonly cpu: number;
}

/** One round of a kernel, as seen from outside. */
export interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly checksum: string;
  /** Guest instructions between the marks, where the machine counts them. */
  readonly instructions?: number;
}

/** What a driver program reports on its last line of output. */
export interface GuestReport {
  readonly rounds: readonly Round[];
  /** Why the run did not come to its end. */
  readonly failure?: string;
  /** Peak resident memory of the process, bytes. */
  readonly rss?: number;
}

/** A boot, from the start of the process to the shell's mark. */
export interface BootReport {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly instructions?: number;
  readonly rss?: number;
  readonly failure?: string;
}

/** This process's own clocks. */
export function now(): Moment {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1000 };
}

/** Reads a kernel's serial output: takes the time at the end of each `start` and `end CHECKSUM` line. */
export class RoundReader {
  readonly rounds: Round[] = [];
  done = false;
  failure: string | undefined;
  readonly #now: () => Moment;
  readonly #instructions: (() => number) | undefined;
  #line = '';
  #started: { readonly at: Moment; readonly instructions: number } | undefined;

  /** @param instructions guest instructions completed so far */
  constructor(now: () => Moment, instructions?: () => number) {
    this.#now = now;
    this.#instructions = instructions;
  }

  /** The guest has said its last word and waits for a byte. */
  get over(): boolean {
    return this.done || this.failure !== undefined;
  }

  byte(code: number): void {
    if (code !== 10) {
      // A terminal's driver puts one before each line's end.
      if (code !== 13) this.#line += String.fromCharCode(code);
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (line === 'start') this.#started = { at: this.#now(), instructions: this.#instructions?.() ?? 0 };
    else if (line.startsWith('end ') && this.#started !== undefined) this.#end(line.slice(4), this.#started);
    else if (line === 'done') this.done = true;
    else if (line === 'unknown kernel') this.failure = 'the guest does not know this kernel';
  }

  #end(checksum: string, { at, instructions }: { readonly at: Moment; readonly instructions: number }): void {
    const { wall, cpu } = this.#now();
    const counted = this.#instructions === undefined ? {} : { instructions: this.#instructions() - instructions };
    this.rounds.push({ wallMs: wall - at.wall, cpuMs: cpu - at.cpu, checksum, ...counted });
  }
}

/** What the guest's first program prints when its shell runs. */
const SHELL_READY = 'emu: shell ready';

/** A receiver of serial bytes that calls `found` once the shell is ready. */
export function watchForShell(found: () => void): (byte: number) => void {
  let seen = '';
  return (byte) => {
    seen = (seen + String.fromCharCode(byte)).slice(-SHELL_READY.length);
    if (seen === SHELL_READY) found();
  };
}
