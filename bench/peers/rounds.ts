/** One round of a kernel, as seen from outside. */
export interface Round {
  readonly ms: number;
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

/** Reads a kernel's serial output: takes the time at the end of each `start` and `end CHECKSUM` line. */
export class RoundReader {
  readonly rounds: Round[] = [];
  done = false;
  failure: string | undefined;
  readonly #now: () => number;
  readonly #instructions: (() => number) | undefined;
  #line = '';
  #started: { readonly at: number; readonly instructions: number } | undefined;

  /**
   * @param now milliseconds
   * @param instructions guest instructions completed so far
   */
  constructor(now: () => number, instructions?: () => number) {
    this.#now = now;
    this.#instructions = instructions;
  }

  byte(code: number): void {
    if (code !== 10) {
      this.#line += String.fromCharCode(code);
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (line === 'start') {
      this.#started = { at: this.#now(), instructions: this.#instructions?.() ?? 0 };
    } else if (line.startsWith('end ') && this.#started !== undefined) {
      const ms = this.#now() - this.#started.at;
      const counted =
        this.#instructions === undefined ? {} : { instructions: this.#instructions() - this.#started.instructions };
      this.rounds.push({ ms, checksum: line.slice(4), ...counted });
    } else if (line === 'done') {
      this.done = true;
    } else if (line === 'unknown kernel') {
      this.failure = 'the guest does not know this kernel';
    }
  }
}
