import { W } from '../../cpu/state.ts';
import type { CodeCache } from './code-cache.ts';
import type { Regions } from './jit/regions.ts';
import { ASK } from './loop-text.ts';
import { Rec } from './record.ts';

/** Ends a chain of records. */
export const STOP: Rec = new Rec((i) => i, undefined as never, 0);
/** After so many visits to forgotten records all links are looked up again. */
const STALE_LIMIT = 10_000;
/** So many targets of an indirect jump are remembered for regions. */
const TARGET_LIMIT = 8;

/**
 * What leads from one record to the next where they have no link yet: looks the next one up, links it and charges
 * its block. Also what records do that hold no instruction: glue, and those whose bytes changed.
 */
export class HandOver {
  readonly #w: Int32Array;
  readonly #code: CodeCache;
  /** Where hot records go; undefined in the tiers without it. */
  regions: Regions | undefined;
  /** RIP is at a string instruction, some of whose iterations are done. */
  repeating = false;
  /** Times that a record was to run whose bytes are no longer there. */
  staleVisits = 0;

  constructor(w: Int32Array, code: CodeCache) {
    this.#w = w;
    this.#code = code;
    code.predecoder.onGlue = (i) => {
      if (i.link?.page.live === true) return this.#charge(i.link);
      return this.#charge((i.link = this.#find(i.nextLow, i.nextHigh)));
    };
    code.onStale = (i) => this.#pastStale(i);
  }

  /** Functions by the names that generated code has for them. */
  get names(): Record<string, unknown> {
    const { enterAt, jumpTo } = this;
    const stop = this.#stop;
    const follow = (i: Rec): Rec => this.#charge((i.link = this.#find(i.imm, i.immHigh)));
    const fall = (i: Rec): Rec => {
      const target = this.#find(i.nextLow, i.nextHigh);
      if (target.page === i.page) i.next = target;
      return this.#charge(target);
    };
    const enterVia = (i: Rec, low: number, high: number): Rec => this.#enterVia(i, low, high);
    const promote = (i: Rec): Rec => {
      this.regions?.promote(i);
      return i;
    };
    const interrupted = (i: Rec): Rec => {
      this.repeating = true;
      return stop(i);
    };
    const ask = (why: number, i: Rec, low: number, high: number): Rec => {
      switch (why) {
        case ASK.STOP:
          return stop(i);
        case ASK.PROMOTE:
          return promote(i);
        case ASK.JUMP:
          return follow(i);
        case ASK.FALL:
          return fall(i);
        default:
          return enterVia(i, low, high);
      }
    };
    return { STOP, stop, interrupted, enterAt, jumpTo, follow, fall, enterVia, promote, ask };
  }

  /** Finds the record at an instruction pointer and charges its block. */
  readonly enterAt = (low: number, high: number): Rec => this.#charge(this.#find(low, high));

  /** As `enterAt`, for a jump, which makes its target hotter. */
  readonly jumpTo = (low: number, high: number): Rec => this.#jumped(this.#find(low, high));

  #jumped(target: Rec): Rec {
    const { regions } = this;
    const next = this.#charge(target);
    if (++target.heat === regions?.hot && next === target) regions.promote(target);
    return next;
  }

  /** RIP points at the record meanwhile, for the fault that fetching it may raise. */
  #find(low: number, high: number): Rec {
    const w = this.#w;
    w[W.rip] = low;
    w[W.rip + 1] = high;
    return this.#code.lookup(low, high);
  }

  #charge(record: Rec): Rec {
    const w = this.#w;
    return (w[W.budget]! -= record.left) >= w[W.budgetEnd]! ? record : this.#stop(record);
  }

  /** The block of `record` does not fit into the budget: RIP points at it, its charge is given back. */
  readonly #stop = (record: Rec): Rec => {
    const w = this.#w;
    w[W.rip] = record.ipLow;
    w[W.rip + 1] = record.page.ipHigh;
    w[W.budget]! += record.left;
    return STOP;
  };

  #enterVia(i: Rec, low: number, high: number): Rec {
    const target = this.#find(low, high);
    i.link = target;
    const targets = (i.targets ??= []);
    if (targets.length < TARGET_LIMIT && !targets.includes(target)) targets.push(target);
    return this.#jumped(target);
  }

  /** Goes on with the record that stands in the place of a forgotten one. */
  #pastStale(i: Rec): Rec {
    const code = this.#code;
    this.#w[W.budget]! += i.left;
    this.staleVisits++;
    const successor = i.link;
    // A jump that forgot itself has its target there.
    const known = successor !== null && successor.page === i.page && successor.ipLow === i.ipLow;
    if (known && i.page.live && successor.h !== code.onStale) {
      // Jumps that lead here would do so for ever.
      if (this.staleVisits % STALE_LIMIT === 0) code.newGeneration();
      return this.#charge(successor);
    }
    code.predecoder.bypass(i);
    return this.#charge((i.link = this.#find(i.ipLow, i.page.ipHigh)));
  }
}
