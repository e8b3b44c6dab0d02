import { MODE } from '../../../cpu/mode.ts';

/** Entries by a jump after which a block is hot, in code of a mode. */
export type Hotness = (mode: number) => number;

/** For JavaScript: V8 takes milliseconds to parse a region, and much longer until it has optimised it. */
const JAVASCRIPT = 100_000;
/** For WebAssembly, which runs well at once. */
const WEB_ASSEMBLY = 20_000;
/** So many times hotter, a small region becomes a large one. */
export const GROWTH = 10;

/** Whether code of a mode becomes WebAssembly where that can be had (docs/adr/0021). */
export const suitsWasm = (mode: number): boolean => (mode & MODE.CODE) === MODE.CODE_64;

/** `chosen`: a number for all modes, in place of those measured. */
export const hotness =
  (chosen: number | undefined, hasWasm: boolean): Hotness =>
  (mode) =>
    chosen ?? (hasWasm && suitsWasm(mode) ? WEB_ASSEMBLY : JAVASCRIPT);
