import type { CharBackend } from '../bus/backends.ts';

/** Output that is kept for `waitFor`; older text is forgotten. */
const KEEP = 1 << 20;

interface Waiter {
  readonly match: (text: string) => number;
  readonly resolve: (text: string) => void;
  readonly fail: (why: string) => void;
}

/**
 * A serial line for programs: collects what the guest prints, types what it is told. Text is Latin-1: one
 * character is one byte on the line.
 */
export class SerialConsole implements CharBackend {
  /** Everything the guest printed, the last MiB of it. */
  get output(): string {
    return this.#taken + this.#text;
  }
  /** Called for each byte the guest prints. */
  onByte: (byte: number) => void = () => {};
  #taken = '';
  /** What no `waitFor` has consumed. */
  #text = '';
  #receive: (bytes: Uint8Array) => void = () => {};
  #waiters: Waiter[] = [];
  /** How the machine ended; nothing more will come. */
  #over: string | undefined;

  write(byte: number): boolean {
    this.#text += String.fromCharCode(byte);
    if (this.#text.length > 2 * KEEP) this.#text = this.#text.slice(-KEEP);
    this.onByte(byte);
    if (this.#waiters.length > 0) this.#look();
    return true;
  }

  onInput(receive: (bytes: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onDrain(): void {}

  /** Types text; a line ends with `\n` as on a keyboard's Enter (sent as CR). */
  type(text: string): void {
    this.#receive(Uint8Array.from(text, (char) => (char === '\n' ? 13 : char.charCodeAt(0) & 0xff)));
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#receive(bytes);
  }

  /**
   * Waits for a text or pattern behind what earlier calls consumed; resolves with everything up to and including
   * it. Rejects after `timeoutMs` milliseconds, or when the machine ends, with the last lines that were seen.
   */
  waitFor(wanted: string | RegExp, timeoutMs = 60_000): Promise<string> {
    const match =
      typeof wanted === 'string'
        ? (text: string) => {
            const at = text.indexOf(wanted);
            return at < 0 ? -1 : at + wanted.length;
          }
        : (text: string) => {
            const found = new RegExp(wanted.source, wanted.flags.replace('g', '')).exec(text);
            return found === null ? -1 : found.index + found[0].length;
          };
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        const tail = this.output.slice(-600);
        reject(new Error(`the guest did not print ${String(wanted)} ${why}; it last printed:\n${tail}`));
      };
      const timer = setTimeout(() => fail(`in ${timeoutMs} ms`), timeoutMs);
      const waiter: Waiter = {
        match,
        fail,
        resolve: (text) => {
          clearTimeout(timer);
          resolve(text);
        },
      };
      this.#waiters.push(waiter);
      this.#look();
      if (this.#over !== undefined && this.#waiters.includes(waiter)) fail(this.#over);
    });
  }

  /** The machine is over: whoever waits is told `how` it ended. */
  end(how: string): void {
    this.#over = `before the machine ended (${how})`;
    for (const waiter of [...this.#waiters]) waiter.fail(this.#over);
  }

  #look(): void {
    while (this.#waiters.length > 0) {
      const [first] = this.#waiters;
      const end = first!.match(this.#text);
      if (end < 0) return;
      const text = this.#text.slice(0, end);
      this.#taken = (this.#taken + text).slice(-KEEP);
      this.#text = this.#text.slice(end);
      this.#waiters.shift();
      first!.resolve(text);
    }
  }
}
