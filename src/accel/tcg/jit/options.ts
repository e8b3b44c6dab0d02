import type { Passes } from './passes.ts';

/** How emitted code is made; everything has a default. */
export interface JitOptions {
  /** Entries by a jump after which a block is promoted. */
  readonly hot?: number;
  /** Passes that are not to be as passes.ts says. */
  readonly passes?: Partial<Passes>;
}
