/** A first-in first-out queue of bytes that grows in powers of two up to a limit. */
export class ByteFifo {
  readonly limit: number;
  #buffer = new Uint8Array(64);
  #head = 0;
  length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes what fits and returns how many bytes that were. */
  push(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.limit - this.length);
    this.#grow(this.length + taken);
    const mask = this.#buffer.length - 1;
    for (let i = 0; i < taken; i++) this.#buffer[(this.#head + this.length + i) & mask] = bytes[i];
    this.length += taken;
    return taken;
  }

  /** The oldest byte, -1 when empty. */
  shift(): number {
    if (this.length === 0) return -1;
    const byte = this.#buffer[this.#head];
    this.#head = (this.#head + 1) & (this.#buffer.length - 1);
    this.length--;
    return byte;
  }

  clear(): void {
    this.#buffer = new Uint8Array(64);
    this.#head = 0;
    this.length = 0;
  }

  toBytes(): Uint8Array {
    const mask = this.#buffer.length - 1;
    return Uint8Array.from({ length: this.length }, (_, i) => this.#buffer[(this.#head + i) & mask]);
  }

  #grow(needed: number): void {
    let size = this.#buffer.length;
    while (size < needed) size *= 2;
    if (size === this.#buffer.length) return;
    const grown = new Uint8Array(size);
    grown.set(this.toBytes());
    this.#buffer = grown;
    this.#head = 0;
  }
}
