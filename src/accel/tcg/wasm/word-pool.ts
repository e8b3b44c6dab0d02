/** Blocks of 32-bit words in memory that emitted code reaches, for as long as a region lives. */
export class WordPool {
  readonly #words: Int32Array;
  #used = 0;
  /** By log2 of the size. */
  readonly #free: Int32Array[][] = [];

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** At least so many words, all 0. @throws Error when there is no room */
  take(count: number): Int32Array {
    const size = 32 - Math.clz32(count - 1);
    const free = this.#free[size]?.pop();
    if (free !== undefined) return free;
    const from = this.#used;
    if (from + (1 << size) > this.#words.length) throw new Error('no room for words of regions');
    this.#used += 1 << size;
    return this.#words.subarray(from, this.#used);
  }

  giveBack(block: Int32Array): void {
    block.fill(0);
    (this.#free[31 - Math.clz32(block.length)] ??= []).push(block);
  }
}
