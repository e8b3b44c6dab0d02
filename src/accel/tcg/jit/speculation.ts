import { W } from '../../../cpu/state.ts';
import type { Rec } from '../record.ts';
import type { HighFlow, Speculation } from './high-flow.ts';
import { GPRS } from './high-halves.ts';

/** So many failures of a region are nothing; later, one in so many of its entries. */
const ALLOWED = 16;
const ALLOWED_SHIFT = 5;

/** How often what a region takes for granted was wrong. */
export class Failures {
  readonly #entry: Rec;
  readonly #assumed: HighFlow['assumed'];
  readonly #heat: number;
  readonly #registers = new Set<number>();
  readonly #recs = new Set<Rec>();
  #count = 0;

  constructor(entry: Rec, assumed: HighFlow['assumed']) {
    this.#entry = entry;
    this.#assumed = assumed;
    this.#heat = entry.heat;
  }

  /** The registers are not as the region's entry wants them; true when the region should be given up. */
  atEntry(w: Int32Array): boolean {
    for (const { register, high } of this.#assumed) {
      if (w[W.gpr + 2 * register + 1] !== high) this.#registers.add(register);
    }
    return this.#isTooMany();
  }

  /** A guard of an instruction failed. */
  at(rec: Rec): boolean {
    this.#recs.add(rec);
    return this.#isTooMany();
  }

  /** What was ever wrong. */
  get registers(): ReadonlySet<number> {
    return this.#registers;
  }
  get recs(): ReadonlySet<Rec> {
    return this.#recs;
  }

  #isTooMany(): boolean {
    return ++this.#count > ALLOWED + ((this.#entry.heat - this.#heat) >> ALLOWED_SHIFT);
  }
}

/** Remembers what must not be taken for granted about high halves when a region is made again. */
export class SpeculationMemory {
  readonly #registers = new WeakMap<Rec, ReadonlySet<number>>();
  readonly #recs = new WeakSet<Rec>();

  /** What a region may assume that is made now, its entry being the next instruction. */
  at(entry: Rec, w: Int32Array): Speculation {
    const wrong = this.#registers.get(entry);
    return {
      entry: Array.from({ length: GPRS }, (_, register) => {
        const high = w[W.gpr + 2 * register + 1]!;
        return isCanonical(high) && !wrong?.has(register) ? high : undefined;
      }),
      mayGuard: (rec) => !this.#recs.has(rec),
    };
  }

  learn(entry: Rec, { registers, recs }: Failures): void {
    this.#registers.set(entry, new Set([...(this.#registers.get(entry) ?? []), ...registers]));
    for (const rec of recs) this.#recs.add(rec);
  }
}

/** High half of an address, or of a number that is not large: other data changes too often. */
const isCanonical = (high: number): boolean => high >> 15 === 0 || high >> 15 === -1;
