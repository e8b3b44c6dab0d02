import type { Writable } from 'node:stream';

const CHUNK = 16 * 1024;
/** Above the first the writer is asked to wait, below the second it may go on. */
const FULL = 64 * 1024;
const ROOM = 16 * 1024;

/**
 * Bytes on their way to a stream of the host: gathered into chunks, one of which is being written at a time.
 * `write` answers false when the writer should wait; memory is bounded as long as it does.
 */
export class ByteSink {
  #stream: Writable | undefined;
  readonly #queue: Uint8Array[] = [];
  #chunk = new Uint8Array(CHUNK);
  #length = 0;
  /** Bytes that the stream has not taken. */
  #pending = 0;
  /** Length of the chunk that is being written, 0 when none is. */
  #inFlight = 0;
  #scheduled = false;
  #held = false;
  #full = false;
  #resume: () => void = () => {};
  #idle: (() => void)[] = [];

  /** Without a stream, bytes wait for `attach`. */
  constructor(stream?: Writable) {
    if (stream !== undefined) this.attach(stream);
  }

  /** Sends what waits, and all that comes, to `stream`; undefined: there is nowhere to send it now. */
  attach(stream: Writable | undefined): void {
    this.#stream = stream;
    this.#pending -= this.#inFlight;
    this.#inFlight = 0;
    this.#schedule();
  }

  /** Drops what waits. */
  discard(): void {
    this.#queue.length = 0;
    this.#length = 0;
    this.#pending = 0;
    this.#inFlight = 0;
    this.#tellRoom();
  }

  write(byte: number): boolean {
    if (this.#length === CHUNK) this.#closeChunk();
    this.#chunk[this.#length++] = byte;
    this.#pending++;
    this.#schedule();
    if (this.#pending >= FULL) this.#full = true;
    return !this.#full;
  }

  writeText(text: string): boolean {
    return this.writeBytes(new TextEncoder().encode(text));
  }

  writeBytes(bytes: Uint8Array): boolean {
    this.#closeChunk();
    this.#queue.push(bytes);
    this.#pending += bytes.length;
    this.#schedule();
    if (this.#pending >= FULL) this.#full = true;
    return !this.#full;
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  /** Keeps bytes back (true) or lets them go (false). */
  hold(held: boolean): void {
    this.#held = held;
    this.#schedule();
  }

  /** Resolves when everything has been taken by the stream. */
  flush(): Promise<void> {
    if (this.#pending === 0 || this.#stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#send();
    });
  }

  #closeChunk(): void {
    if (this.#length === 0) return;
    this.#queue.push(this.#chunk.subarray(0, this.#length));
    this.#chunk = new Uint8Array(CHUNK);
    this.#length = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight > 0 || this.#held || this.#stream === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const stream = this.#stream;
    if (this.#inFlight > 0 || this.#held || stream === undefined) return;
    this.#closeChunk();
    const bytes = this.#queue.shift();
    if (bytes === undefined) return;
    this.#inFlight = bytes.length;
    stream.write(bytes, () => {
      if (stream !== this.#stream) return;
      this.#inFlight = 0;
      this.#pending -= bytes.length;
      this.#send();
      this.#tellRoom();
    });
  }

  #tellRoom(): void {
    if (this.#full && this.#pending <= ROOM) {
      this.#full = false;
      this.#resume();
    }
    if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
