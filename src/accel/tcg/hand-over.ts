import { W } from '../../cpu/state.ts';
import type { CodeCache } from './code-cache.ts';
import type { Regions } from './jit/regions.ts';
import { ASK } from './loop-text.ts';
import { R, STOP } from './record.ts';
import type { Records } from './records.ts';

/** After so many visits to forgotten records all links are looked up again. */
const STALE_LIMIT = 10_000;

/**
 * What leads from one record to the next where they have no link yet: looks the next one up, links it and charges
 * its block. Also what records do that hold no instruction: glue, and those whose bytes changed.
 */
export class HandOver {
  readonly #w: Int32Array;
  readonly #code: CodeCache;
  readonly #records: Records;
  readonly #c: Int32Array;
  /** Where hot records go; undefined in the tiers without it. */
  regions: Regions | undefined;
  /** RIP is at a string instruction, some of whose iterations are done. */
  repeating = false;
  /** Times that a record was to run whose bytes are no longer there. */
  staleVisits = 0;

  constructor(w: Int32Array, code: CodeCache, records: Records) {
    this.#w = w;
    this.#code = code;
    this.#records = records;
    this.#c = records.words;
    code.predecoder.onGlue = (i) => {
      const link = this.#c[i + R.link]!;
      return records.isLive(link) ? this.#charge(link) : this.#follow(i);
    };
    code.onStale = (i) => this.#pastStale(i);
  }

  /** Functions by the names that generated code has for them. */
  get names(): Record<string, unknown> {
    const { enterAt, jumpTo } = this;
    const stop = this.#stop;
    const follow = (i: number): number => this.#follow(i);
    const fall = (i: number): number => this.#fall(i);
    const enterVia = (i: number, low: number, high: number): number => this.#enterVia(i, low, high);
    const promote = (i: number): number => {
      this.regions?.promote(i);
      return i;
    };
    const interrupts = (): void => {
      this.repeating = true;
    };
    const interrupted = (i: number): number => {
      interrupts();
      return stop(i);
    };
    const ask = (why: number, i: number, low: number, high: number): number => {
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
    const { words: c, live, ipHighs, modes, functions } = this.#records;
    const data = { c, live, ipHighs, modes, functions: functions.byNumber, recent: this.#code.recent };
    return { ...data, stop, interrupted, interrupts, enterAt, jumpTo, follow, fall, enterVia, promote, ask };
  }

  /** Finds the record at an instruction pointer and charges its block. */
  readonly enterAt = (low: number, high: number): number => this.#charge(this.#find(low, high));

  /** As `enterAt`, for a jump, which makes its target hotter. */
  readonly jumpTo = (low: number, high: number): number => this.#jumped(this.#find(low, high));

  #jumped(target: number): number {
    const { regions } = this;
    const next = this.#charge(target);
    const heat = ++this.#c[target + R.heat]!;
    if (regions !== undefined && heat === regions.hotAt(target) && next === target) regions.promote(target);
    return next;
  }

  /** RIP points at the record meanwhile, for the fault that fetching it may raise. */
  #find(low: number, high: number): number {
    const w = this.#w;
    w[W.rip] = low;
    w[W.rip + 1] = high;
    return this.#code.lookup(low, high);
  }

  #charge(record: number): number {
    const w = this.#w;
    return (w[W.budget]! -= this.#c[record + R.left]!) >= w[W.budgetEnd]! ? record : this.#stop(record);
  }

  /** The block of `record` does not fit into the budget: RIP points at it, its charge is given back. */
  readonly #stop = (record: number): number => {
    const w = this.#w;
    const c = this.#c;
    w[W.rip] = c[record + R.ip]!;
    w[W.rip + 1] = this.#records.ipHigh(record);
    w[W.budget]! += c[record + R.left]!;
    return STOP;
  };

  #follow(i: number): number {
    const c = this.#c;
    const target = this.#find(c[i + R.imm]!, c[i + R.immHigh]!);
    c[i + R.link] = target;
    this.#code.moving.join(this.#records.pageOf(i), this.#records.pageOf(target));
    return this.#charge(target);
  }

  #fall(i: number): number {
    const c = this.#c;
    const page = c[i + R.page]!;
    const next = (c[i + R.ip]! + this.#records.length(i)) | 0;
    const target = this.#find(next, this.#records.pageOf(i).highBehind(c[i + R.ip]!, next));
    if (c[target + R.page] === page) c[i + R.next] = target;
    return this.#charge(target);
  }

  #enterVia(i: number, low: number, high: number): number {
    const target = this.#find(low, high);
    this.#c[i + R.link] = target;
    this.#records.noteTarget(i, target);
    return this.#jumped(target);
  }

  /** Goes on with the record that stands in the place of a forgotten one. */
  #pastStale(i: number): number {
    const code = this.#code;
    const records = this.#records;
    const c = this.#c;
    this.#w[W.budget]! += c[i + R.left]!;
    this.staleVisits++;
    const successor = c[i + R.link]!;
    // A jump that forgot itself has its target there.
    const known = c[successor + R.page] === c[i + R.page] && c[successor + R.ip] === c[i + R.ip];
    if (known && records.isLive(i) && !records.isStale(successor)) {
      // Jumps that lead here would do so for ever.
      if (this.staleVisits % STALE_LIMIT === 0) code.newGeneration();
      return this.#charge(successor);
    }
    code.predecoder.bypass(i);
    return this.#charge((c[i + R.link] = this.#find(c[i + R.ip]!, records.ipHigh(i))));
  }
}
