import { W } from '../../../cpu/state.ts';
import { generationWord, OWN, type RegionJob } from '../jit/emitter.ts';
import { R } from '../record.ts';
import type { Calls } from './bridge.ts';
import { HINT, MEMORY, OP, type WasmCode } from './code.ts';
import { type Frame, RECORD_LOCAL } from './frame.ts';
import { keepFlags } from './region-flags.ts';

/** What does not follow from a region's code: see RegionJob. */
export type Ends = Pick<RegionJob, 'guarded' | 'hot' | 'growsAt'>;

/** Prints the beginning and the end that the function of each region has. */
export class RegionEnds {
  readonly #frame: Frame;
  readonly #calls: Calls;
  readonly #mode: number;
  readonly #ends: Ends;

  constructor(frame: Frame, calls: Calls, mode: number, ends: Ends) {
    this.#frame = frame;
    this.#calls = calls;
    this.#mode = mode;
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

  /** Brings registers, flags and budget to the state, where the region is left for a fault. */
  store(code: WasmCode): void {
    const frame = this.#frame;
    frame.storeRegisters(code);
    keepFlags(code, frame);
    frame.storeBudget(code);
  }

  /** The function's end. */
  end(code: WasmCode): void {
    const frame = this.#frame;
    frame.storeRegisters(code);
    frame.leaveFlags(code);
    frame.storeBudget(code);
    frame.pushOwn(code);
    for (const local of [frame.x, frame.pc]) code.get(local);
    for (const known of [this.#mode, this.#ends.hot]) code.i32(known);
    this.#calls.leave(code);
  }

  #loadRecord(code: WasmCode, record: number, word: number): void {
    this.#frame.pushRecord(code, record);
    code.memory(MEMORY.i32_load, this.#frame.recordOffset(word));
  }
}
