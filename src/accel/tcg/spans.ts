import { MODE } from '../../cpu/mode.ts';
import { W } from '../../cpu/state.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import type { LiveTables } from './live-tables.ts';
import type { Records } from './records.ts';

/** A record whose bytes go on on another page. */
interface Span {
  /** Page number in the RAM buffer. */
  readonly secondPage: number;
  /** Number of the function that runs the instruction. */
  readonly number: number;
  /** Generation in which the second page was looked up. */
  checked: number;
}

/**
 * Instructions whose bytes lie on two pages. Their tables know the first one; whether the second is mapped as when they were
 * decoded is asked when translations have changed.
 */
export class Spans {
  readonly #w: Int32Array;
  readonly #mmu: Mmu;
  readonly #records: Records;
  readonly #live: LiveTables;
  readonly #byRecord = new Map<number, Span>();
  /** Records by the second page. */
  readonly #byPage = new Map<number, number[]>();

  constructor(w: Int32Array, mmu: Mmu, records: Records, live: LiveTables) {
    this.#w = w;
    this.#mmu = mmu;
    this.#records = records;
    this.#live = live;
  }

  /** Notes a record, whose second page is looked up when it runs first; `number`: of the function that runs the instruction. */
  add(record: number, secondPage: number, number: number): void {
    this.#byRecord.set(record, { secondPage, number, checked: ~this.#w[W.generation]! });
    const others = this.#byPage.get(secondPage) ?? [];
    this.#byPage.set(secondPage, [...others.filter((other) => !this.#records.isStale(other)), record]);
  }

  /** Page number in the RAM buffer of a record's second page; undefined where all its bytes lie on one. */
  secondPage(record: number): number | undefined {
    return this.#byRecord.get(record)?.secondPage;
  }

  /** Number of the function that runs the instruction of a record which lies on two pages. */
  numberOf(record: number): number {
    return this.#byRecord.get(record)!.number;
  }

  /** The second page, if there is one, is mapped as when the record was decoded. Nothing faults. */
  isWhole(record: number): boolean {
    return this.#isMapped(record, (low, high, user) => this.#mmu.tryFetch(low, high, user));
  }

  /** As `isWhole`. Raises the fault that fetching from the second page raises. */
  fetch(record: number): boolean {
    return this.#isMapped(record, (low, high, user) => this.#mmu.fetch(low, high, user));
  }

  #isMapped(record: number, fetch: (low: number, high: number, user: boolean) => number): boolean {
    const span = this.#byRecord.get(record);
    const generation = this.#w[W.generation]!;
    if (span === undefined || span.checked === generation) return true;
    const page = this.#records.pageOf(record);
    const offset = fetch(...page.pageBehind(), (page.mode & MODE.USER) !== 0);
    if (offset < 0 || offset >>> 12 !== span.secondPage) return false;
    span.checked = generation;
    if (!this.#mmu.fetchedGlobal) this.#live.noteLocal(page.mode);
    return true;
  }

  /** Records whose bytes go on on a page of RAM. */
  on(page: number): readonly number[] {
    return this.#byPage.get(page) ?? [];
  }

  /** No record that goes on on the page is good any more. */
  forgetPage(page: number): void {
    this.#byPage.delete(page);
  }

  /** Forgets everything; all records are stale. */
  clear(): void {
    this.#byPage.clear();
  }

  /** Forgets stale records, which are about to be used again; gives the pages on which none goes on now. */
  sweep(): number[] {
    const left: number[] = [];
    for (const [page, records] of this.#byPage) {
      const kept = records.filter((record) => !this.#records.isStale(record));
      if (kept.length > 0) this.#byPage.set(page, kept);
      else {
        this.#byPage.delete(page);
        left.push(page);
      }
    }
    for (const record of this.#byRecord.keys()) if (this.#records.isStale(record)) this.#byRecord.delete(record);
    return left;
  }
}
