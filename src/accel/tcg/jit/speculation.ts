import type { Records } from '../records.ts';
import type { HighFlow, Speculation } from './high-flow.ts';
import { entryHigh, GPRS, type Highs, highWord, namedAfter } from './high-halves.ts';

/** So many failures of a region are nothing; later, one in so many of its entries. */
const ALLOWED = 16;
const ALLOWED_SHIFT = 5;

/** How often what a region takes for granted was wrong. */
export class Failures {
  readonly #records: Records;
  readonly #entry: number;
  readonly #assumed: HighFlow['assumed'];
  readonly #heat: number;
  readonly #registers = new Map<number, 'near' | 'far'>();
  readonly #recs = new Set<number>();
  #count = 0;

  constructor(records: Records, entry: number, assumed: HighFlow['assumed']) {
    this.#records = records;
    this.#entry = entry;
    this.#assumed = assumed;
    this.#heat = records.heat(entry);
  }

  /** The registers are not as the region's entry wants them; true when the region should be given up. */
  atEntry(w: Int32Array): boolean {
    for (const { register, high } of this.#assumed) {
      const now = w[highWord(register)]!;
      const other = namedAfter(high);
      if (now === (other === undefined ? high : w[highWord(other)]!)) continue;
      if (this.#registers.get(register) !== 'far') this.#registers.set(register, isNear(now) ? 'near' : 'far');
    }
    return this.#isTooMany();
  }

  /** A guard of an instruction failed. */
  at(rec: number): boolean {
    this.#recs.add(rec);
    return this.#isTooMany();
  }

  /** Registers that were ever wrong: what they held may have been addresses, or was not. */
  get registers(): ReadonlyMap<number, 'near' | 'far'> {
    return this.#registers;
  }
  /** Instructions whose guards failed. */
  get recs(): ReadonlySet<number> {
    return this.#recs;
  }

  #isTooMany(): boolean {
    return ++this.#count > ALLOWED + ((this.#records.heat(this.#entry) - this.#heat) >> ALLOWED_SHIFT);
  }
}

/** An entry whose regions were given up so often is not worth another guess. */
const GIVEN_UP = 3;

/** Remembers what must not be taken for granted about high halves when a region is made again. */
export class SpeculationMemory {
  readonly #entries = new Map<number, { readonly highs: Highs; readonly givenUp: number }>();
  readonly #recs = new Set<number>();

  /**
   * What a region may assume that is made now: for a new entry, which is the next instruction, that the registers stay
   * as they are; for one that was given up what has not been wrong yet.
   */
  at(entry: number, w: Int32Array): Speculation {
    const { highs, givenUp } = this.#entries.get(entry) ?? { highs: likely(w), givenUp: 0 };
    this.#entries.set(entry, { highs, givenUp });
    const sure = givenUp >= GIVEN_UP;
    return {
      entry: sure ? highs.map((high, register) => (high === undefined ? undefined : entryHigh(register))) : highs,
      mayGuard: (rec) => !sure && !this.#recs.has(rec),
    };
  }

  /** A region that begins at `entry` has been given up. What a register held at the entry has a name at least. */
  learn(entry: number, { registers, recs }: Pick<Failures, 'registers' | 'recs'>): void {
    for (const rec of recs) this.#recs.add(rec);
    const known = this.#entries.get(entry);
    if (known === undefined) return;
    const highs = known.highs.map((high, register) => {
      const wrong = registers.get(register);
      return wrong === undefined ? high : wrong === 'near' ? entryHigh(register) : undefined;
    });
    this.#entries.set(entry, { highs, givenUp: known.givenUp + 1 });
  }

  /** Forgets what was learned of records that are no more. */
  forget(isGone: (rec: number) => boolean): void {
    for (const entry of this.#entries.keys()) if (isGone(entry)) this.#entries.delete(entry);
    for (const rec of this.#recs) if (isGone(rec)) this.#recs.delete(rec);
  }
}

/** High halves of addresses and of numbers that are not large: other data changes too often. */
const isNear = (high: number): boolean => high >> 15 === 0 || high >> 15 === -1;

/**
 * What is taken for granted at first. Of addresses other than those of the first and the last 4 GiB it is that they lie
 * together: where, is another place in each process.
 */
function likely(w: Int32Array): Highs {
  const now = Array.from({ length: GPRS }, (_, register) => w[highWord(register)]!);
  return now.map((high) => {
    if (high === 0 || high === -1) return high;
    return isNear(high) ? entryHigh(now.indexOf(high)) : undefined;
  });
}
