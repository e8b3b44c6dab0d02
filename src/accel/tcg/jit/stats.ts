import type { Arena } from '../../../memory/arena.ts';

/** What emitted code itself counts. */
export const COUNT = { ran: 0, exits: 1, indirect: 2 } as const;

/** What the JIT did so far. */
export class JitStats {
  /** By COUNT; doubles, which nothing overflows. */
  readonly counts: Float64Array;
  made = 0;
  refused = 0;
  dropped = 0;
  /** Of those that were dropped: not because their code changed, but to make room. */
  evicted = 0;
  /** Regions of either language that were made: characters of their text, or bytes of their code. */
  readonly JavaScript = { made: 0, length: 0 };
  readonly WebAssembly = { made: 0, length: 0 };
  /** Guest instructions in the regions that were made, and what these took of the limit on characters. */
  instructions = 0;
  characters = 0;
  /** Milliseconds that making them took. */
  compileMs = 0;
  /** Times that a known exit had to look up what it leads to. */
  lookups = 0;
  /** Instructions that the interpreter ran for a region: TLB misses and the like. */
  misses = 0;
  /** Among the misses: high halves that were not the likely ones. Entries with other high halves than a region's. */
  guards = 0;
  unsuited = 0;
  /** Faults in regions. */
  faults = 0;

  constructor(arena: Arena) {
    const { buffer, byteOffset } = arena.take(3 * 8);
    this.counts = new Float64Array(buffer, byteOffset, 3);
  }

  /** Guest instructions that ran in regions. */
  get ran(): number {
    return this.counts[COUNT.ran]!;
  }

  /** Times that a region was left by a known exit. */
  get exits(): number {
    return this.counts[COUNT.exits]!;
  }

  /** Times that a region was left by an indirect jump. */
  get indirect(): number {
    return this.counts[COUNT.indirect]!;
  }
}
