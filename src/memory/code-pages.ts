/**
 * Which pages of RAM hold translated code. Whoever writes RAM by another way than the write TLB asks `has`
 * and reports with `written`; the engine listens.
 */
export class CodePages {
  readonly #marks: Uint8Array;
  /** Told when a page gets its first translation. */
  onProtect: (page: number) => void = () => {};
  /** Told after bytes of a marked page changed; an access does not cross pages unless it is DMA. */
  onWrite: (offset: number, length: number) => void = () => {};

  constructor(bufferBytes: number) {
    this.#marks = new Uint8Array(Math.ceil(bufferBytes / 4096));
  }

  has(page: number): boolean {
    return this.#marks[page] !== 0;
  }

  mark(page: number): void {
    if (this.#marks[page] !== 0) return;
    this.#marks[page] = 1;
    this.onProtect(page);
  }

  unmark(page: number): void {
    this.#marks[page] = 0;
  }

  written(offset: number, length: number): void {
    this.onWrite(offset, length);
  }

  /** For DMA: reports only what lies in marked pages. */
  writtenRange(offset: number, length: number): void {
    const last = (offset + length - 1) >>> 12;
    for (let page = offset >>> 12; page <= last; page++) {
      if (this.#marks[page] === 0) continue;
      const from = Math.max(offset, page * 4096);
      this.onWrite(from, Math.min(offset + length, page * 4096 + 4096) - from);
    }
  }
}
