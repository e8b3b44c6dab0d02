import { W } from '../../../cpu/state.ts';
import { RECENT_MASK, RECENT_SHIFT } from '../code-cache.ts';
import { EXIT, OWN } from '../jit/emitter.ts';
import { COUNT } from '../jit/stats.ts';
import { NUMBER_SHIFT, R } from '../record.ts';
import { HINT, I32, I64, MEMORY, OP, WasmCode, type WasmType } from './code.ts';
import { type Layout, LEFT } from './frame.ts';
import { moduleOf, type Signature } from './module.ts';
import { keepFlags } from './region-flags.ts';

/** Of a region: the record at which it is entered, and the one to go on with. */
export const HANDLER: Signature = { params: 1, result: true };
/** Of what all regions end in; see `leaveModule`. */
export const LEAVE: Signature = { params: 5, result: true };
const [OWN_WORDS, X, PC, MODE, HOT] = [0, 1, 2, 3, 4];
/** Of what is imported: `finish` of region-exits.ts. */
const FINISH: Signature = { params: 5, result: true };
const IMPORTED = 0;
/** The type of functions in the table stands behind those of both functions. */
const HANDLER_TYPE = 2;

/**
 * A module whose function all regions end in: it brings the flags to the state and goes on with the region that the exit
 * leads to, where that needs no look-up and is not about to be promoted; all else is for `finish`. Its parameters are where
 * the region's words are, the exit (EXIT, or the number of a known one), the node, the mode, and after how many entries
 * something is hot. What is wider is in `layout.left`.
 *
 * @param linked exits remember what they led to
 */
export function leaveModule(layout: Layout, linked: boolean): Uint8Array {
  const print = new LeavePrinter(layout);
  print.all(linked);
  const { code: body, locals } = print;
  const own = { signature: LEAVE, locals, body };
  return moduleOf([{ name: 'finish', signature: FINISH }], own, { table: HANDLER });
}

class LeavePrinter {
  readonly code = new WasmCode();
  readonly locals: WasmType[] = [];
  readonly #layout: Layout;
  readonly #target = this.#local(I32);
  readonly #page = this.#local(I32);
  readonly #budget = this.#local(I32);
  readonly #rest = this.#local(I32);
  readonly #low = this.#local(I32);
  readonly #number = this.#local(I32);
  readonly #flags = { fk: this.#local(I32), fr: this.#local(I64), fa: this.#local(I64), fb: this.#local(I64) };

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  #local(type: WasmType): number {
    return LEAVE.params + this.locals.push(type) - 1;
  }

  all(linked: boolean): void {
    const { code } = this;
    const { fk, fr, fa, fb } = this.#flags;
    for (const [local, word, load] of [
      [fk, LEFT.KIND, MEMORY.i32_load],
      [fr, LEFT.RESULT, MEMORY.i64_load],
      [fa, LEFT.A, MEMORY.i64_load],
      [fb, LEFT.B, MEMORY.i64_load],
    ] as const) {
      this.#pushLeft(word, load);
      code.set(local);
    }
    keepFlags(code, { ...this.#flags, layout: this.#layout });
    if (linked) {
      code.block(); // Out of it what needs more.
      this.#goOn();
      code.op(OP.end);
    }
    this.#pushOwn(OWN.NUMBER);
    code.get(X);
    code.get(PC);
    this.#pushLeft(LEFT.TARGET, MEMORY.i32_load);
    this.#pushLeft(LEFT.TARGET + 1, MEMORY.i32_load);
    code.call(IMPORTED);
  }

  /** Goes on without `finish`, or leaves the block. */
  #goOn(): void {
    const { code } = this;
    code.get(X);
    code.i32(EXIT.INDIRECT);
    code.op(OP.i32_lt_s);
    code.brIf(0, HINT.UNLIKELY);
    code.get(X);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.if();
    this.#findRecent(1);
    code.op(OP.else);
    code.get(OWN_WORDS);
    code.get(X);
    code.i32(2);
    code.op(OP.i32_shl);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_load, 4 * OWN.LINKS);
    code.set(this.#target);
    this.#setPage();
    code.op(OP.end);
    code.get(this.#page);
    code.memory(MEMORY.i32_load8_u, this.#layout.live);
    code.op(OP.i32_eqz);
    this.#pushRecord(R.heat);
    code.get(HOT);
    code.i32(1);
    code.op(OP.i32_sub);
    code.op(OP.i32_eq);
    code.op(OP.i32_or);
    code.brIf(0, HINT.UNLIKELY);
    this.#pushState(W.budget);
    code.tee(this.#budget);
    this.#pushRecord(R.left);
    code.op(OP.i32_sub);
    code.tee(this.#rest);
    this.#pushState(W.budgetEnd);
    code.op(OP.i32_lt_s);
    code.brIf(0, HINT.UNLIKELY);
    code.i32(0);
    code.get(this.#rest);
    code.memory(MEMORY.i32_store, this.#stateOffset(W.budget));
    this.#note();
    this.#enter();
  }

  /** The target is the record that was looked up last for the address, unless that is another one. */
  #findRecent(depth: number): void {
    const { code } = this;
    this.#pushLeft(LEFT.TARGET, MEMORY.i32_load);
    code.tee(this.#low);
    code.get(this.#low);
    code.i32(RECENT_SHIFT);
    code.op(OP.i32_shr_u);
    code.op(OP.i32_xor);
    code.i32(RECENT_MASK);
    code.op(OP.i32_and);
    code.i32(2);
    code.op(OP.i32_shl);
    code.memory(MEMORY.i32_load, this.#layout.recent);
    code.set(this.#target);
    this.#setPage();
    this.#pushRecord(R.ip);
    code.get(this.#low);
    code.op(OP.i32_ne);
    this.#pushOfPage(this.#layout.ipHighs);
    this.#pushLeft(LEFT.TARGET + 1, MEMORY.i32_load);
    code.op(OP.i32_ne);
    code.op(OP.i32_or);
    this.#pushOfPage(this.#layout.modes);
    code.get(MODE);
    code.op(OP.i32_ne);
    code.op(OP.i32_or);
    code.brIf(depth, HINT.UNLIKELY);
  }

  /** Counts the target's entry, what ran, and the exit; the region was used in this epoch. */
  #note(): void {
    const { code } = this;
    const { records, counts, entered, epoch } = this.#layout;
    this.#pushAt(this.#target);
    this.#pushRecord(R.heat);
    code.i32(1);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_store, records + 4 * R.heat);
    code.i32(0);
    code.i32(0);
    code.memory(MEMORY.f64_load, counts + 8 * COUNT.ran);
    code.i32(0);
    code.memory(MEMORY.i32_load, entered);
    code.get(this.#budget);
    code.op(OP.i32_sub);
    code.op(OP.f64_convert_i32_s);
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, counts + 8 * COUNT.ran);
    // Exits are known ones or indirect, in this order.
    code.get(X);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.i32(3);
    code.op(OP.i32_shl);
    code.tee(this.#number);
    code.get(this.#number);
    code.memory(MEMORY.f64_load, counts + 8 * COUNT.exits);
    code.f64(1);
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, counts + 8 * COUNT.exits);
    code.get(OWN_WORDS);
    code.i32(0);
    code.memory(MEMORY.i32_load, epoch);
    code.memory(MEMORY.i32_store, 4 * OWN.USED);
  }

  /** Goes on with the target's function, or gives the target back where that is not emitted code. */
  #enter(): void {
    const { code } = this;
    this.#pushRecord(R.code);
    code.i32(NUMBER_SHIFT);
    code.op(OP.i32_shr_u);
    code.tee(this.#number);
    code.tableSize();
    code.op(OP.i32_lt_u);
    code.if();
    code.get(this.#target);
    code.get(this.#number);
    code.returnCallIndirect(HANDLER_TYPE);
    code.op(OP.end);
    code.get(this.#target);
    code.op(OP.return);
  }

  // ---- where things are ----

  #stateOffset(word: number): number {
    return this.#layout.state + 4 * word;
  }

  #pushState(word: number): void {
    this.code.i32(0);
    this.code.memory(MEMORY.i32_load, this.#stateOffset(word));
  }

  #pushLeft(word: number, load: number): void {
    this.code.i32(0);
    this.code.memory(load, this.#layout.left + 4 * word);
  }

  #pushOwn(word: number): void {
    this.code.get(OWN_WORDS);
    this.code.memory(MEMORY.i32_load, 4 * word);
  }

  /** Pushes what an access at a word of a record is relative to. */
  #pushAt(record: number): void {
    this.code.get(record);
    this.code.i32(2);
    this.code.op(OP.i32_shl);
  }

  /** Pushes a word of the target. */
  #pushRecord(word: number): void {
    this.#pushAt(this.#target);
    this.code.memory(MEMORY.i32_load, this.#layout.records + 4 * word);
  }

  #setPage(): void {
    this.#pushRecord(R.page);
    this.code.set(this.#page);
  }

  #pushOfPage(table: number): void {
    this.#pushAt(this.#page);
    this.code.memory(MEMORY.i32_load, table);
  }
}
