import { W } from '../../../cpu/state.ts';
import { I32, I64, MEMORY, OP, type WasmCode, type WasmType } from './code.ts';

/** Where emitted code finds things: byte offsets in its memory. RAM begins at 0. */
export interface Layout {
  readonly state: number;
  readonly tlb: { readonly [table in 'kr' | 'kw' | 'ur' | 'uw']: { readonly xor: number; readonly last: number } };
  readonly records: number;
  readonly live: number;
  readonly ipHighs: number;
  readonly modes: number;
  readonly recent: number;
  readonly counts: number;
  readonly entered: number;
  readonly epoch: number;
}

/** The function's parameter: the record at which it was entered. */
export const RECORD_LOCAL = 0;
/** Words of general-purpose registers. */
const GPR_WORDS = 32;

/**
 * Locals of a region's function. Registers are i64 in 64-bit code and i32 elsewhere; those of flags as well. Values of
 * an instruction borrow theirs, so that a function has few: V8's first compiler clears all at each call.
 */
export class Frame {
  readonly layout: Layout;
  readonly wide: boolean;
  readonly types: WasmType[] = [];
  readonly #registers = new Map<number, number>();
  readonly written = new Set<number>();
  readonly #idle = new Map<WasmType, number[]>();
  #borrowed: [type: WasmType, local: number][] = [];
  /** The budget, the running node, why and where the region is left. */
  readonly n = this.add(I32);
  readonly pc = this.add(I32);
  readonly x = this.add(I32);
  readonly targetLow = this.add(I32);
  readonly targetHigh = this.add(I32);
  /** The kind of operation that set the flags, -1 while they are those of the state; and what they follow from. */
  readonly fk = this.add(I32);
  readonly fr: number;
  readonly fa: number;
  readonly fb: number;

  constructor(layout: Layout, wide: boolean) {
    this.layout = layout;
    this.wide = wide;
    [this.fr, this.fa, this.fb] = [this.add(this.word), this.add(this.word), this.add(this.word)];
  }

  /** Type of a register. */
  get word(): WasmType {
    return this.wide ? I64 : I32;
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
    if (local === undefined) this.#registers.set(number, (local = this.add(this.word)));
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
      code.memory(this.wide ? MEMORY.i64_load : MEMORY.i32_load, this.layout.state + 8 * number + 4 * W.gpr);
      code.set(local);
    }
  }

  storeRegisters(code: WasmCode): void {
    for (const number of this.written) {
      code.i32(0);
      code.get(this.#registers.get(number)!);
      code.memory(this.wide ? MEMORY.i64_store : MEMORY.i32_store, this.layout.state + 8 * number + 4 * W.gpr);
    }
  }

  storeBudget(code: WasmCode): void {
    code.i32(0);
    code.get(this.n);
    code.memory(MEMORY.i32_store, this.layout.state + 4 * W.budget);
  }

  loadBudget(code: WasmCode): void {
    this.loadState(code, W.budget);
    code.set(this.n);
  }

  /** Where an access at a word of the state is, from address 0. */
  stateOffset(word: number): number {
    return this.layout.state + 4 * word;
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
