import { KIND } from '../../../cpu/flags.ts';
import type { Inst, IrBuilder, Known, ValueId } from '../../../cpu/ir/block.ts';
import { hasEffect, terminalValues } from '../../../cpu/ir/uses.ts';
import { operandsOf } from '../../../cpu/ir/verify.ts';
import { W } from '../../../cpu/state.ts';
import { setsFlags } from '../jit/flag-liveness.ts';
import { type FlagKnowledge, mergeFlags } from '../jit/flag-state.ts';
import type { Passes } from '../jit/passes.ts';
import { Accesses } from './accesses.ts';
import type { Calls } from './bridge.ts';
import { HINT, I32, I64, MEMORY, OP, V128, VECTOR_MEMORY, type WasmCode } from './code.ts';
import type { Frame } from './frame.ts';
import { printInline } from './inline.ts';
import type { Lookups } from './lookups.ts';
import { movableHalf } from './movable.ts';
import { PURE } from './pure.ts';
import { RegionFlags, resultFollows } from './region-flags.ts';
import { NO_VECTOR_MOVES, pushVector, type Vector, type VectorMoves, vectorMoves } from './vector-moves.ts';

/** What the instructions of a region share. */
export interface Region {
  readonly code: WasmCode;
  readonly frame: Frame;
  readonly calls: Calls;
  readonly passes: Passes;
  /** What was looked up on the way to the instruction that is printed. */
  readonly lookups: Lookups;
  /** How many blocks out the one is behind which the interpreter runs node `pc`. */
  missDepth(): number;
  /** A block was begun or ended. */
  nest(by: 1 | -1): void;
}

/**
 * Helpers that do many iterations of a string instruction and charge them to the budget. They write only where the TLB
 * says that there is no code.
 */
export const isBulk = (helper: string): boolean => helper === 'bulkMove' || helper === 'bulkStore';

/** A value that is made again where it is wanted, as nothing else wants it. */
const LATE = -1;

/** Prints one instruction of a region as WebAssembly. */
export class WasmPrinter {
  readonly #ir: IrBuilder;
  readonly #region: Region;
  readonly #code: WasmCode;
  readonly #frame: Frame;
  readonly #accesses: Accesses;
  readonly #node: number;
  readonly #vectors: VectorMoves;
  /** By value: its local, or LATE. */
  readonly #places: number[] = [];
  /** By value: the local with the offset in RAM that a load for writing found. */
  readonly #offsets = new Map<ValueId, number>();
  readonly #arms: { before: FlagKnowledge; afterThen: FlagKnowledge | undefined }[] = [];
  readonly #flags: RegionFlags;
  /** Nothing looks at the flags that this instruction sets. */
  flagsDead = false;

  constructor(ir: IrBuilder, mode: number, node: number, flags: FlagKnowledge, region: Region) {
    this.#ir = ir;
    this.#region = region;
    this.#code = region.code;
    this.#frame = region.frame;
    this.#node = node;
    this.#vectors = region.passes['inline-vector'] ? vectorMoves(ir) : NO_VECTOR_MOVES;
    this.#flags = new RegionFlags(flags, region);
    this.#accesses = new Accesses(region, mode, (value) => this.push(value));
  }

  /** What is known of the flags here. */
  get flags(): FlagKnowledge {
    return this.#flags.known;
  }

  /** Prints all instructions; the terminal's values stay where they are until the locals are given back. */
  body(): void {
    const { insts } = this.#ir;
    const kept = (inst: Inst): boolean => hasEffect(inst) && !(this.flagsDead && setsFlags(inst));
    const roots = terminalValues(this.#ir);
    const { dropped, operands } = this.#vectors;
    const uses = new Array<number>(insts.length).fill(0);
    for (const value of roots) uses[value]!++;
    for (let at = insts.length - 1; at >= 0; at--) {
      const inst = insts[at]!;
      if (dropped.has(at) || (uses[at] === 0 && !kept(inst))) continue;
      for (const value of operands.get(at) ?? operandsOf(inst)) uses[value]!++;
    }
    if (insts.some(({ op }) => op === 'load' || op === 'store' || op === 'fault' || op === 'call')) {
      this.#code.i32(this.#node);
      this.#code.set(this.#frame.pc);
    }
    const { lookups } = this.#region;
    lookups.begin(this.#ir);
    insts.forEach((inst, at) => {
      if (!dropped.has(at) && (uses[at]! > 0 || kept(inst))) this.#inst(inst, at, uses[at]!);
      lookups.note(inst, at);
    });
  }

  // ---- values ----

  /** Pushes a value, in its own type. */
  push(value: ValueId): void {
    const inst = this.#ir.insts[value]!;
    if (inst.op === 'const') return this.#constant(inst);
    const place = this.#places[value];
    if (place === undefined) throw new Error(`value ${value} is not made yet`);
    if (place === LATE) this.#make(inst);
    else this.#code.get(place);
  }

  /** Pushes the lower 32 bits of a value of either type. */
  pushLow(value: ValueId): void {
    const inst = this.#ir.insts[value]!;
    this.push(value);
    if (inst.type === 'i64') this.#code.op(OP.i32_wrap_i64);
  }

  /** Pushes the upper 32 bits; 0 for an i32. */
  pushHigh(value: ValueId): void {
    const inst = this.#ir.insts[value]!;
    if (inst.type !== 'i64') return this.#code.i32(0);
    this.push(value);
    this.#upperHalf();
  }

  #upperHalf(): void {
    this.#code.i64(32, 0);
    this.#code.op(OP.i64_shr_u);
    this.#code.op(OP.i32_wrap_i64);
  }

  /** Pushes a value as i64; the upper half of an i32 is 0. */
  #pushWide(value: ValueId): void {
    this.push(value);
    if (this.#ir.typeOf(value) === 'i32') this.#code.op(OP.i64_extend_i32_u);
  }

  #constant({ type, low, high }: Inst & { op: 'const' }): void {
    if (typeof low === 'string') {
      // An i32 is the lower half of such an address.
      this.#frame.pushAddress(this.#code, movableHalf(low), type === 'i32' ? 0 : movableHalf(high));
      if (type === 'i32') this.#code.op(OP.i32_wrap_i64);
    } else if (type === 'i32') this.#code.i32(low);
    else this.#code.i64(low, number(high));
  }

  /** The value on the stack gets a local. */
  #keep(at: ValueId): void {
    const local = this.#frame.borrow(this.#ir.typeOf(at) === 'i64' ? I64 : I32);
    this.#places[at] = local;
    this.#code.set(local);
  }

  /** Pushes a pure operation's result or a state word's content. */
  #make(inst: Inst): void {
    const word = inst.op === 'pure' && inst.name === 'pair' ? this.#pairWord(inst.args) : undefined;
    if (word !== undefined) this.#pushVector({ kind: 'state', word }, 8);
    else if (inst.op === 'pure') PURE[inst.name](this.#code, (n) => this.push(inst.args[n]!));
    else if (inst.op === 'get') this.#get(inst);
    else throw new Error(`${inst.op} makes no value late`);
  }

  /** The first of two words of the state that still hold both halves of a pair. */
  #pairWord([low, high]: readonly ValueId[]): number | undefined {
    const [l, h] = [this.#ir.insts[low!]!, this.#ir.insts[high!]!];
    if (l.op !== 'get' || h.op !== 'get' || this.#places[low!] !== LATE || this.#places[high!] !== LATE)
      return undefined;
    const { word } = l.slot;
    const fits = h.slot.word === word + 1 && !this.#frame.isRegister(word) && l.type === 'i32' && h.type === 'i32';
    return fits && this.#region.passes['inline-vector'] ? word : undefined;
  }

  #inst(inst: Inst, at: ValueId, uses: number): void {
    const code = this.#code;
    switch (inst.op) {
      case 'const':
        return;
      case 'pure':
        if (uses === 1) {
          this.#places[at] = LATE;
          return;
        }
        this.#make(inst);
        return this.#keep(at);
      case 'get':
        if (this.#isStable(inst, at)) {
          this.#places[at] = LATE;
          return;
        }
        this.#get(inst);
        return this.#keep(at);
      case 'set': {
        const vector = this.#vectors.sets.get(at);
        return vector === undefined ? this.#set(inst) : this.#setVector(vector.word, vector.bytes, vector.vector);
      }
      case 'load':
        return this.#vectors.loads.has(at) ? this.#loadVector(inst, at) : this.#load(inst, at);
      case 'store': {
        const word = this.#vectors.stores.get(at);
        return word === undefined ? this.#store(inst) : this.#storeVector(inst, word);
      }
      case 'setFlags':
        return this.#setFlags(inst);
      case 'cond':
        this.#flags.condition(number(inst.cc));
        return this.#keep(at);
      case 'getFlags':
        this.#flags.some(inst.mask);
        return this.#keep(at);
      case 'putFlags':
        this.push(inst.value);
        code.op(OP.i64_extend_i32_u);
        code.set(this.#frame.fa);
        return this.#flags.are(KIND.EXPLICIT);
      case 'putCarries':
        return this.#flags.putCarries(() => this.push(inst.value));
      case 'call':
        return this.#call(inst, at);
      case 'fault':
        this.push(inst.condition);
        return this.#miss();
      case 'if':
        this.push(inst.condition);
        code.if();
        this.#region.nest(1);
        this.#arms.push({ before: this.flags, afterThen: undefined });
        return;
      case 'else': {
        code.op(OP.else);
        const arm = this.#arms[this.#arms.length - 1]!;
        arm.afterThen = this.flags;
        this.#flags.known = arm.before;
        return;
      }
      case 'end': {
        code.op(OP.end);
        this.#region.nest(-1);
        const { before, afterThen } = this.#arms.pop()!;
        this.#flags.known = mergeFlags(afterThen ?? before, this.flags);
      }
    }
  }

  // ---- state ----

  /** Whether the state word still holds the value wherever the instruction wants it. */
  #isStable({ slot }: Inst & { op: 'get' }, at: ValueId): boolean {
    const isRegister = this.#frame.isRegister(slot.word);
    for (let later = at + 1; later < this.#ir.insts.length; later++) {
      const inst = this.#ir.insts[later]!;
      if (inst.op === 'call' && !isRegister) return false;
      if (
        inst.op === 'set' &&
        (isRegister ? inst.slot.word >> 1 === slot.word >> 1 : !this.#frame.isRegister(inst.slot.word))
      )
        return false;
    }
    return true;
  }

  #get({ type, slot }: Inst & { op: 'get' }): void {
    const code = this.#code;
    const frame = this.#frame;
    const { word } = slot;
    if (!frame.isRegister(word)) {
      code.i32(0);
      code.memory(type === 'i64' ? MEMORY.i64_load : MEMORY.i32_load, frame.layout.state + 4 * word);
      return;
    }
    code.get(frame.register(word));
    if (type === 'i32' && (word & 1) !== 0) this.#upperHalf();
    else if (type === 'i32') code.op(OP.i32_wrap_i64);
  }

  #set({ slot, value }: Inst & { op: 'set' }): void {
    const code = this.#code;
    const frame = this.#frame;
    const { word } = slot;
    const type = this.#ir.typeOf(value);
    if (!frame.isRegister(word)) {
      code.i32(0);
      this.push(value);
      code.memory(type === 'i64' ? MEMORY.i64_store : MEMORY.i32_store, frame.layout.state + 4 * word);
      return;
    }
    const register = frame.registerToWrite(word);
    if (type === 'i32') {
      // The other half stays.
      const isHigh = (word & 1) !== 0;
      code.get(register);
      code.i64(isHigh ? -1 : 0, isHigh ? 0 : -1);
      code.op(OP.i64_and);
      this.push(value);
      code.op(OP.i64_extend_i32_u);
      if (isHigh) {
        code.i64(32, 0);
        code.op(OP.i64_shl);
      }
      code.op(OP.i64_or);
    } else this.push(value);
    code.set(register);
  }

  // ---- memory ----

  #load(inst: Inst & { op: 'load' }, at: ValueId): void {
    const { address, width, forWrite } = inst;
    const offset = this.#accesses.locate(address, width, forWrite);
    if (forWrite) this.#offsets.set(at, offset);
    this.#code.get(offset);
    this.#code.memory(LOADS[width], 0);
    this.#keep(at);
  }

  #store({ width, address, value, after }: Inst & { op: 'store' }): void {
    const offset = after === null ? this.#accesses.locate(address, width, true) : this.#offsets.get(after)!;
    this.#code.get(offset);
    if (width === 8) this.#pushWide(value);
    else this.pushLow(value);
    this.#code.memory(STORES[width], 0);
  }

  // ---- vectors ----

  #pushVector(vector: Vector, bytes: 8 | 16): void {
    pushVector(this.#code, this.#frame, vector, bytes, {
      push: (value) => this.push(value),
      local: (load) => this.#places[load]!,
      isWide: (value) => this.#ir.typeOf(value) === 'i64',
    });
  }

  #setVector(word: number, bytes: 8 | 16, vector: Vector): void {
    this.#code.i32(0);
    // Half of it may be a double that was stored a moment ago, which the host does not hand to a load of 16 bytes.
    if (bytes === 16 && vector.kind === 'state') this.#pushHalves(vector.word);
    else this.#pushVector(vector, bytes);
    if (bytes === 16) this.#code.vectorMemory(VECTOR_MEMORY.store, this.#frame.stateOffset(word));
    else this.#code.memory(MEMORY.i64_store, this.#frame.stateOffset(word));
  }

  #pushHalves(word: number): void {
    this.#code.i32(0);
    this.#code.i32(0);
    this.#code.vectorMemory(VECTOR_MEMORY.load64_zero, this.#frame.stateOffset(word));
    this.#code.loadUpper(this.#frame.stateOffset(word + 2));
  }

  #loadVector({ address }: Inst & { op: 'load' }, at: ValueId): void {
    this.#code.get(this.#accesses.locate(address, 16, false));
    this.#code.vectorMemory(VECTOR_MEMORY.load, 0);
    const local = this.#frame.borrow(V128);
    this.#places[at] = local;
    this.#code.set(local);
  }

  #storeVector({ address }: Inst & { op: 'store' }, word: number): void {
    this.#code.get(this.#accesses.locate(address, 16, true));
    this.#pushVector({ kind: 'state', word }, 16);
    this.#code.vectorMemory(VECTOR_MEMORY.store, 0);
  }

  /** Where the condition on the stack is not 0, the interpreter runs the instruction. */
  #miss(): void {
    this.#code.brIf(this.#region.missDepth(), HINT.UNLIKELY);
  }

  // ---- helpers ----

  #call(inst: Inst & { op: 'call' }, at: ValueId): void {
    const { type } = inst;
    const code = this.#code;
    const result = type === undefined ? -1 : this.#frame.borrow(type === 'i64' ? I64 : I32);
    const helper = (): void => {
      this.#callHelper(inst);
      if (type === 'i64') this.#withHigh();
      if (type !== undefined) code.set(result);
    };
    const push = (n: number): void => this.push(inst.args[n] as ValueId);
    if (!printInline({ inst, ir: this.#ir, code, frame: this.#frame, result, push, helper }, this.#region.passes))
      helper();
    this.#places[at] = result;
  }

  /** The i32 on the stack and the upper half that the helper left in the state, as one i64. */
  #withHigh(): void {
    const code = this.#code;
    code.op(OP.i64_extend_i32_u);
    this.#frame.loadState(code, W.hi);
    code.op(OP.i64_extend_i32_u);
    code.i64(32, 0);
    code.op(OP.i64_shl);
    code.op(OP.i64_or);
  }

  #callHelper({ helper, args, type }: Inst & { op: 'call' }): void {
    let params = 0;
    for (const arg of args) {
      params++;
      if (typeof arg !== 'number') this.#code.i32(number(arg.known));
      else if (this.#ir.typeOf(arg) === 'i64') {
        params++;
        this.pushLow(arg);
        this.pushHigh(arg);
      } else this.push(arg);
    }
    const charges = isBulk(helper);
    this.#region.lookups.forget();
    if (charges) this.#frame.storeBudget(this.#code);
    this.#region.calls.call(this.#code, `h_${helper}`, { params, result: type !== undefined });
    if (charges) this.#frame.loadBudget(this.#code);
  }

  // ---- flags ----

  #setFlags({ kind, result, a, b }: Inst & { op: 'setFlags' }): void {
    const frame = this.#frame;
    const code = this.#code;
    const wide = (kind & 3) === 3;
    const keep = (value: ValueId | null, local: number, extend: number): void => {
      if (value === null) return;
      if (wide) this.#pushWide(value);
      else {
        this.pushLow(value);
        code.op(extend);
      }
      code.set(local);
    };
    if (!resultFollows(kind)) keep(result, frame.fr, OP.i64_extend_i32_s);
    keep(a, frame.fa, OP.i64_extend_i32_u);
    keep(b, frame.fb, OP.i64_extend_i32_u);
    this.#flags.are(kind);
  }
}

const LOADS = { 1: MEMORY.i32_load8_u, 2: MEMORY.i32_load16_u, 4: MEMORY.i32_load, 8: MEMORY.i64_load } as const;
const STORES = { 1: MEMORY.i32_store8, 2: MEMORY.i32_store16, 4: MEMORY.i32_store, 8: MEMORY.i64_store } as const;

/** The forms that a region is made of have no open fields. */
function number(known: Known): number {
  if (typeof known === 'string') throw new Error(`a region cannot hold the open field ${known}`);
  return known;
}
