import { W } from '../../../cpu/state.ts';
import { RECENT_MASK, RECENT_SHIFT } from '../code-cache.ts';
import { EXIT, generationWord, OWN, type RegionJob } from '../jit/emitter.ts';
import type { Passes } from '../jit/passes.ts';
import { COUNT } from '../jit/stats.ts';
import { R } from '../record.ts';
import type { Calls } from './bridge.ts';
import { HINT, I32, MEMORY, OP, type WasmCode } from './code.ts';
import { type Frame, RECORD_LOCAL } from './frame.ts';
import { keepFlags } from './region-flags.ts';

/** What does not follow from a region's code: see RegionJob. */
export type Ends = Pick<RegionJob, 'guarded' | 'hot' | 'growsAt'>;

/** How a region is left: by known exits, by indirect jumps. */
interface Ways {
  readonly exits: boolean;
  readonly indirect: boolean;
}

/** Prints the beginning and the end that the function of each region has. */
export class RegionEnds {
  readonly #frame: Frame;
  readonly #calls: Calls;
  readonly #mode: number;
  readonly #passes: Passes;
  readonly #ends: Ends;

  constructor(frame: Frame, calls: Calls, mode: number, passes: Passes, ends: Ends) {
    this.#frame = frame;
    this.#calls = calls;
    this.#mode = mode;
    this.#passes = passes;
    this.#ends = ends;
  }

  /** The function's beginning: whether it may run, and registers. */
  begin(code: WasmCode): void {
    const frame = this.#frame;
    const { layout } = frame;
    if (this.#ends.guarded) {
      // Whether its pages are mapped as when it was made.
      frame.pushOwn(code);
      code.memory(MEMORY.i32_load, 4 * OWN.CHECKED);
      frame.loadState(code, generationWord(this.#mode));
      code.op(OP.i32_ne);
      code.if(HINT.UNLIKELY);
      frame.pushNumber(code);
      code.get(RECORD_LOCAL);
      this.#calls.call(code, 'recheck', { params: 2, result: true });
      code.tee(frame.x);
      code.i32(0);
      code.op(OP.i32_ge_s);
      code.if(HINT.UNLIKELY);
      code.get(frame.x);
      code.op(OP.return);
      code.op(OP.end);
      code.op(OP.end);
    }
    if (this.#ends.growsAt !== undefined) {
      this.#loadRecord(code, RECORD_LOCAL, R.heat);
      code.i32(this.#ends.growsAt);
      code.op(OP.i32_ge_u);
      code.if(HINT.UNLIKELY);
      frame.pushNumber(code);
      code.get(RECORD_LOCAL);
      this.#calls.call(code, 'grow', { params: 2, result: true });
      code.op(OP.return);
      code.op(OP.end);
    }
    code.i32(0);
    frame.loadState(code, W.budget);
    this.#loadRecord(code, RECORD_LOCAL, R.left);
    code.op(OP.i32_add);
    code.tee(frame.n);
    code.memory(MEMORY.i32_store, layout.entered);
    frame.loadRegisters(code);
    code.i32(-1);
    code.set(frame.fk);
  }

  /** Brings registers, flags and budget to the state. */
  store(code: WasmCode): void {
    const frame = this.#frame;
    frame.storeRegisters(code);
    keepFlags(code, frame);
    frame.storeBudget(code);
  }

  /** The function's end. */
  end(code: WasmCode, ways: Ways): void {
    this.store(code);
    this.#handOver(code, ways);
    this.#finish(code);
  }

  #finish(code: WasmCode): void {
    const frame = this.#frame;
    frame.pushNumber(code);
    for (const local of [frame.x, frame.pc]) code.get(local);
    this.#targetLow(code);
    code.get(frame.target);
    code.i64(32, 0);
    code.op(OP.i64_shr_u);
    code.op(OP.i32_wrap_i64);
    this.#calls.call(code, 'finish', { params: 5, result: true });
  }

  /** Goes on with what an exit leads to, where that needs no look-up and is not about to be promoted. */
  #handOver(code: WasmCode, { exits, indirect }: Ways): void {
    const frame = this.#frame;
    const { layout } = frame;
    const target = frame.add(I32);
    const page = frame.add(I32);
    const left = frame.add(I32);
    if (!this.#passes['exit-links'] || (!exits && !indirect)) return;
    code.block(); // Out of it what needs more.
    code.get(frame.x);
    code.i32(indirect ? EXIT.INDIRECT : 0);
    code.op(OP.i32_lt_s);
    code.brIf(0, HINT.UNLIKELY);
    code.get(frame.x);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.if();
    if (indirect) {
      // The record that was looked up last for such an address.
      this.#targetLow(code);
      this.#targetLow(code);
      code.i32(RECENT_SHIFT);
      code.op(OP.i32_shr_u);
      code.op(OP.i32_xor);
      code.i32(RECENT_MASK);
      code.op(OP.i32_and);
      code.i32(2);
      code.op(OP.i32_shl);
      code.memory(MEMORY.i32_load, layout.recent);
      code.set(target);
      this.#loadPage(code, target, page);
      this.#loadRecord(code, target, R.ip);
      code.op(OP.i64_extend_i32_u);
      this.#ofPage(code, page, layout.ipHighs);
      code.op(OP.i64_extend_i32_u);
      code.i64(32, 0);
      code.op(OP.i64_shl);
      code.op(OP.i64_or);
      code.get(frame.target);
      code.op(OP.i64_ne);
      this.#ofPage(code, page, layout.modes);
      code.i32(this.#mode);
      code.op(OP.i32_ne);
      code.op(OP.i32_or);
      code.brIf(1, HINT.UNLIKELY);
    }
    code.op(OP.else);
    frame.pushOwn(code);
    code.get(frame.x);
    code.i32(2);
    code.op(OP.i32_shl);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_load, 4 * OWN.LINKS);
    code.set(target);
    this.#loadPage(code, target, page);
    code.op(OP.end);
    code.get(page);
    code.memory(MEMORY.i32_load8_u, layout.live);
    code.op(OP.i32_eqz);
    this.#loadRecord(code, target, R.heat);
    code.i32(this.#ends.hot - 1);
    code.op(OP.i32_eq);
    code.op(OP.i32_or);
    code.brIf(0, HINT.UNLIKELY);
    code.get(frame.n);
    this.#loadRecord(code, target, R.left);
    code.op(OP.i32_sub);
    code.tee(left);
    frame.loadState(code, W.budgetEnd);
    code.op(OP.i32_lt_s);
    code.brIf(0, HINT.UNLIKELY);
    code.i32(0);
    code.get(left);
    code.memory(MEMORY.i32_store, layout.state + 4 * W.budget);
    frame.pushRecord(code, target);
    this.#loadRecord(code, target, R.heat);
    code.i32(1);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_store, frame.recordOffset(R.heat));
    this.#count(code, COUNT.ran, () => {
      code.i32(0);
      code.memory(MEMORY.i32_load, layout.entered);
      code.get(frame.n);
      code.op(OP.i32_sub);
      code.op(OP.f64_convert_i32_s);
    });
    // Exits are known ones or indirect, in this order.
    code.get(frame.x);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.i32(3);
    code.op(OP.i32_shl);
    const which = frame.add(I32);
    code.tee(which);
    code.get(which);
    code.memory(MEMORY.f64_load, layout.counts + 8 * COUNT.exits);
    code.f64(1);
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, layout.counts + 8 * COUNT.exits);
    frame.pushOwn(code);
    code.i32(0);
    code.memory(MEMORY.i32_load, layout.epoch);
    code.memory(MEMORY.i32_store, 4 * OWN.USED);
    code.get(target);
    this.#calls.handOver(code);
    code.op(OP.end);
  }

  #count(code: WasmCode, which: number, push: () => void): void {
    const at = this.#frame.layout.counts + 8 * which;
    code.i32(0);
    code.i32(0);
    code.memory(MEMORY.f64_load, at);
    push();
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, at);
  }

  #targetLow(code: WasmCode): void {
    code.get(this.#frame.target);
    code.op(OP.i32_wrap_i64);
  }

  #loadRecord(code: WasmCode, record: number, word: number): void {
    this.#frame.pushRecord(code, record);
    code.memory(MEMORY.i32_load, this.#frame.recordOffset(word));
  }

  #loadPage(code: WasmCode, record: number, page: number): void {
    this.#loadRecord(code, record, R.page);
    code.set(page);
  }

  #ofPage(code: WasmCode, page: number, table: number): void {
    code.get(page);
    code.i32(2);
    code.op(OP.i32_shl);
    code.memory(MEMORY.i32_load, table);
  }
}
