import type { KeptForms } from '../kept/kept-forms.ts';
import type { KeptRegions } from '../kept/kept-regions.ts';
import type { Passes } from './passes.ts';

/** How emitted code is made; everything has a default. */
export interface JitOptions {
  /** Entries by a jump after which a block is promoted. */
  readonly hot?: number;
  /** Passes that are not to be as passes.ts says. */
  readonly passes?: Partial<Passes>;
  /** Words that regions in WebAssembly share with the rest of the program, in all. */
  readonly words?: number;
  /** Regions in WebAssembly of earlier runs, to which this run adds its own. */
  readonly kept?: KeptRegions;
  /** The same for the interpreter's forms. */
  readonly keptForms?: KeptForms;
  /** Only the regions with these numbers are made; for bisecting. */
  readonly only?: RegionRange;
}

/** Regions by number, in the order of their making: `from` included, `to` not. */
export interface RegionRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `lo..hi`. @throws Error in one line */
export function parseRegionRange(text: string): RegionRange {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text) ?? [];
  if (from === undefined || Number(from) > Number(to)) {
    throw new Error('give the first region and the one behind the last: 0..100');
  }
  return { from: Number(from), to: Number(to) };
}
