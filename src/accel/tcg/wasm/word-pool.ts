/** Blocks of 32-bit words in memory that emitted code reaches, for as long as a region lives. */
export class WordPool {
  readonly #words: Int32Array;
  #used = 0;
  /** By log2 of the size. */
  #free: Int32Array[][] = [];
  /** Blocks that were taken and not given back. */
  #taken = 0;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** At least so many words, all 0; undefined when there is no room for them, which there is once all are given back. */
  take(count: number): Int32Array | undefined {
    const size = 32 - Math.clz32(count - 1);
    let block = this.#free[size]?.pop();
    if (block === undefined) {
      const from = this.#used;
      if (from + (1 << size) > this.#words.length) return undefined;
      this.#used += 1 << size;
      block = this.#words.subarray(from, this.#used);
    }
    this.#taken++;
    return block;
  }

  giveBack(block: Int32Array): void {
    block.fill(0);
    if (--this.#taken > 0) {
      (this.#free[31 - Math.clz32(block.length)] ??= []).push(block);
      return;
    }
    // Blocks of other sizes may be wanted next.
    this.#used = 0;
    this.#free = [];
  }
}
