/** Entries that are remembered, at most. */
const LIMIT = 50_000;

/**
 * Places in RAM where regions of WebAssembly began. The same code at another linear address, as the next process has it,
 * need not become hot once more: its module is there (wasm/modules.ts).
 */
export class KnownEntries {
  readonly #places = new Set<number>();

  add(ramPage: number, offset: number): void {
    if (this.#places.size >= LIMIT) this.#places.clear();
    this.#places.add(ramPage * 4096 + offset);
  }

  has(ramPage: number, offset: number): boolean {
    return this.#places.has(ramPage * 4096 + offset);
  }
}
