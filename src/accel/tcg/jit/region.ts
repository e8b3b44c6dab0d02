import type { CodeCache } from '../code-cache.ts';
import type { CodeTable } from '../code-table.ts';
import type { Records } from '../records.ts';
import type { Spans } from '../spans.ts';
import { OWN, type RegionCode, type RegionNode } from './emitter.ts';
import { Failures } from './speculation.ts';

/** Emitted code for a hot entry, and what it takes to leave it and to throw it away. */
export class Region {
  readonly entry: number;
  readonly pages: readonly CodeTable[];
  /** Its instructions that lie on two pages. */
  readonly spans: readonly number[];
  readonly recs: ReadonlySet<number>;
  readonly code: RegionCode;
  /** Number of its function. */
  readonly number: number;
  readonly instructions: number;
  readonly failures: Failures;
  /** Where its pages lie as seen from that of its entry, in bytes. */
  readonly #distances: readonly number[];
  /** So many moves there had been when its pages were seen to lie so. */
  #compared: number;
  /** How far it lies from where it was made. */
  moved: readonly [low: number, high: number] = [0, 0];
  /** Times that it was left because an address was not aligned. */
  strayed = 0;
  /** Times that it was left because the x87 was not as usual. */
  unusual = 0;

  constructor(
    { store, spans, moving }: CodeCache,
    entry: number,
    recs: ReadonlySet<number>,
    code: RegionCode,
    number: number,
  ) {
    this.entry = entry;
    this.pages = pagesOf(store, recs);
    this.spans = spansOf(spans, recs);
    this.#distances = this.pages.map((page) => distance(this.pages[0]!, page));
    this.#compared = moving.moves;
    this.recs = recs;
    this.code = code;
    this.number = number;
    this.instructions = recs.size;
    this.failures = new Failures(store, entry, code.assumed);
  }

  get nodes(): readonly RegionNode[] {
    return this.code.nodes;
  }

  get used(): number {
    return this.code.own[OWN.USED]!;
  }

  /** Its pages lie as they did when it was made, though there were so many moves. */
  isWhole(moves: number): boolean {
    if (this.#compared === moves) return true;
    if (this.pages.some((page, n) => distance(this.pages[0]!, page) !== this.#distances[n])) return false;
    this.#compared = moves;
    return true;
  }

  /** The linked page of a known exit is one of its own, or lies in the same mapping as this one. */
  nearest(page: CodeTable): CodeTable {
    return this.pages.reduce((a, b) => (Math.abs(distance(b, page)) < Math.abs(distance(a, page)) ? b : a));
  }
}

/** The tables of the pages that a region was made from. */
export function pagesOf(records: Records, recs: Iterable<number>): CodeTable[] {
  const pages = new Set<CodeTable>();
  for (const rec of recs) pages.add(records.pageOf(rec));
  return [...pages];
}

/** Those of the records whose bytes lie on two pages. */
export const spansOf = (spans: Spans, recs: Iterable<number>): number[] =>
  [...recs].filter((rec) => spans.secondPage(rec) !== undefined);

/** Bytes from one page to another. */
const distance = (from: CodeTable, to: CodeTable): number =>
  (to.linearHigh - from.linearHigh) * 2 ** 32 + (to.linearLow >>> 0) - (from.linearLow >>> 0);
