import type { InterruptSource } from '../bus/irq.ts';

/**
 * The interrupt controllers as a CPU sees them, with a place for a vector that was acknowledged and then not
 * delivered because the state was read in between: it comes again first.
 */
export class InterruptLatch implements InterruptSource {
  readonly #source: InterruptSource;
  #vector = -1;
  /** While true the CPU sees no interrupt; none is lost. */
  held = false;

  constructor(source: InterruptSource) {
    this.#source = source;
  }

  get pending(): boolean {
    return !this.held && (this.#vector >= 0 || this.#source.pending);
  }

  acknowledge(): number {
    const vector = this.#vector;
    if (vector < 0) return this.#source.acknowledge();
    this.#vector = -1;
    return vector;
  }

  giveBack(vector: number): void {
    this.#vector = vector;
  }

  /** The machine was reset. */
  clear(): void {
    this.#vector = -1;
  }
}
