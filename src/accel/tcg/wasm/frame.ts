import { W } from '../../../cpu/state.ts';
import { I32, I64, MEMORY, OP, type WasmCode, type WasmType } from './code.ts';

/** Where emitted code finds things: byte offsets in its memory. RAM begins at 0. */
export interface Layout {
  readonly state: number;
  /** `both` of each table. */
  readonly tlb: { readonly [table in 'kr' | 'kw' | 'ur' | 'uw']: number };
  readonly records: number;
  readonly live: number;
  readonly ipHighs: number;
  readonly modes: number;
  readonly recent: number;
  readonly counts: number;
  readonly entered: number;
  readonly epoch: number;
  /** What a region is left with, by LEFT. */
  readonly left: number;
}

/** Words in which a region leaves what follows from its way: where an indirect jump leads to, and what flags follow from. */
export const LEFT = { TARGET: 0, RESULT: 2, A: 4, B: 6, KIND: 8, length: 9 } as const;

/** Halves of a linear address. */
export interface Address {
  readonly low: number;
  readonly high: number;
}

/**
 * What a region's code finds in constants of its own, so that the same guest code at another address has the same code here:
 * the instruction pointer of its entry, the number of its function, and the byte offset of its words.
 */
export const GLOBALS = ['base', 'number', 'own'] as const;
const BASE = 0;
const NUMBER = 1;
const OWN_WORDS = 2;

/** The function's parameter: the record at which it was entered. */
export const RECORD_LOCAL = 0;
/** Words of general-purpose registers. */
const GPR_WORDS = 32;

/**
 * Locals of a region's function: registers, what flags follow from, and values of an instruction. Those borrow theirs, so
 * that a function has few: V8's first compiler clears all at each call.
 */
export class Frame {
  readonly layout: Layout;
  readonly #base: Address;
  readonly types: WasmType[] = [];
  readonly #registers = new Map<number, number>();
  readonly written = new Set<number>();
  readonly #idle = new Map<WasmType, number[]>();
  #borrowed: [type: WasmType, local: number][] = [];
  /** The budget, the running node, why the region is left, where an indirect jump leads to. */
  readonly n = this.add(I32);
  readonly pc = this.add(I32);
  readonly x = this.add(I32);
  readonly target = this.add(I64);
  /** The kind of operation that set the flags, -1 while they are those of the state; and what they follow from. */
  readonly fk = this.add(I32);
  readonly fr = this.add(I64);
  readonly fa = this.add(I64);
  readonly fb = this.add(I64);

  constructor(layout: Layout, base: Address) {
    this.layout = layout;
    this.#base = base;
  }

  add(type: WasmType): number {
    this.types.push(type);
    return this.types.length;
  }

  /** A local for a value of the running instruction. */
  borrow(type: WasmType): number {
    const local = this.#idle.get(type)?.pop() ?? this.add(type);
    this.#borrowed.push([type, local]);
    return local;
  }

  /** The instruction is over. */
  giveBack(): void {
    for (const [type, local] of this.#borrowed) {
      const idle = this.#idle.get(type);
      if (idle === undefined) this.#idle.set(type, [local]);
      else idle.push(local);
    }
    this.#borrowed = [];
  }

  isRegister(word: number): boolean {
    return word >= W.gpr && word < W.gpr + GPR_WORDS;
  }

  /** The local of the register that a state word belongs to. */
  register(word: number): number {
    const number = (word - W.gpr) >> 1;
    let local = this.#registers.get(number);
    if (local === undefined) this.#registers.set(number, (local = this.add(I64)));
    return local;
  }

  /** As `register`, for writing. */
  registerToWrite(word: number): number {
    this.written.add((word - W.gpr) >> 1);
    return this.register(word);
  }

  loadRegisters(code: WasmCode): void {
    for (const [number, local] of this.#registers) {
      code.i32(0);
      code.memory(MEMORY.i64_load, this.layout.state + 8 * number + 4 * W.gpr);
      code.set(local);
    }
  }

  storeRegisters(code: WasmCode): void {
    for (const number of this.written) {
      code.i32(0);
      code.get(this.#registers.get(number)!);
      code.memory(MEMORY.i64_store, this.layout.state + 8 * number + 4 * W.gpr);
    }
  }

  storeBudget(code: WasmCode): void {
    code.i32(0);
    code.get(this.n);
    code.memory(MEMORY.i32_store, this.layout.state + 4 * W.budget);
  }

  /** Stores what flags follow from where the region's end finds it. */
  leaveFlags(code: WasmCode): void {
    for (const [local, word, store] of [
      [this.fk, LEFT.KIND, MEMORY.i32_store],
      [this.fr, LEFT.RESULT, MEMORY.i64_store],
      [this.fa, LEFT.A, MEMORY.i64_store],
      [this.fb, LEFT.B, MEMORY.i64_store],
    ] as const) {
      code.i32(0);
      code.get(local);
      code.memory(store, this.layout.left + 4 * word);
    }
  }

  /** Stores where an indirect jump leads to. */
  leaveTarget(code: WasmCode): void {
    code.i32(0);
    code.get(this.target);
    code.memory(MEMORY.i64_store, this.layout.left + 4 * LEFT.TARGET);
  }

  loadBudget(code: WasmCode): void {
    this.loadState(code, W.budget);
    code.set(this.n);
  }

  /** Where an access at a word of the state is, from address 0. */
  stateOffset(word: number): number {
    return this.layout.state + 4 * word;
  }

  /** Pushes an address that moves with the code. */
  pushAddress(code: WasmCode, low: number, high: number): void {
    const base = this.#base;
    code.global(BASE);
    code.i64(low - base.low, high - base.high - (low >>> 0 < base.low >>> 0 ? 1 : 0));
    code.op(OP.i64_add);
  }

  /** How far an address is from the entry, in 32 bits. */
  distance(low: number): number {
    return (low - this.#base.low) | 0;
  }

  /** Pushes the distance of the address in a local. */
  pushDistance(code: WasmCode, local: number): void {
    code.get(local);
    code.global(BASE);
    code.op(OP.i64_sub);
    code.op(OP.i32_wrap_i64);
  }

  pushNumber(code: WasmCode): void {
    code.global(NUMBER);
  }

  /** Pushes where the region's words are. */
  pushOwn(code: WasmCode): void {
    code.global(OWN_WORDS);
  }

  /** Pushes a word of the state. */
  loadState(code: WasmCode, word: number): void {
    code.i32(0);
    code.memory(MEMORY.i32_load, this.layout.state + 4 * word);
  }

  /** Pushes what an access at a record's word is relative to; its offset is `recordOffset`. */
  pushRecord(code: WasmCode, local: number): void {
    code.get(local);
    code.i32(2);
    code.op(OP.i32_shl);
  }

  recordOffset(word: number): number {
    return this.layout.records + 4 * word;
  }
}
