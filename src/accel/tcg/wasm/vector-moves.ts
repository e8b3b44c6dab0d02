import type { Inst, IrBuilder, ValueId } from '../../../cpu/ir/block.ts';
import { operandsOf } from '../../../cpu/ir/verify.ts';
import { FIELDS, W } from '../../../cpu/state.ts';
import { I32, I64, MEMORY, SIMD, VECTOR_MEMORY, type WasmCode } from './code.ts';
import type { Frame } from './frame.ts';

/** Bytes that IR makes of words: 16, or 8 where only two words are set. */
export type Vector =
  | { readonly kind: 'state'; readonly word: number }
  /** Loaded by two loads of 8 bytes; the first one's local holds all. */
  | { readonly kind: 'memory'; readonly load: ValueId }
  /** A value, and zeros above it. */
  | { readonly kind: 'value'; readonly value: ValueId }
  | { readonly kind: 'zero' }
  | { readonly kind: 'op'; readonly op: number; readonly args: readonly Vector[] };

/** What is done with whole vectors where IR has words, by the number of the instruction that does it. */
export interface VectorMoves {
  readonly sets: ReadonlyMap<ValueId, { readonly word: number; readonly bytes: 8 | 16; readonly vector: Vector }>;
  readonly loads: ReadonlySet<ValueId>;
  /** The state word that 16 bytes are stored from. */
  readonly stores: ReadonlyMap<ValueId, number>;
  /** The values that each of these uses. */
  readonly operands: ReadonlyMap<ValueId, readonly ValueId[]>;
  /** What is done by another instruction. */
  readonly dropped: ReadonlySet<ValueId>;
}

/** What a vector is made of: values, and loads of 16 bytes with the second of the two that each takes the place of. */
interface Parts {
  readonly values: ValueId[];
  readonly loads: [first: ValueId, second: ValueId][];
}

type Pure = Inst & { readonly op: 'pure' };

const WORDWISE: Readonly<Record<string, number>> = {
  and: SIMD.v128_and,
  or: SIMD.v128_or,
  xor: SIMD.v128_xor,
  add: SIMD.i32x4_add,
  sub: SIMD.i32x4_sub,
  not: SIMD.v128_not,
};

export const NO_VECTOR_MOVES: VectorMoves = {
  sets: new Map(),
  loads: new Set(),
  stores: new Map(),
  operands: new Map(),
  dropped: new Set(),
};

/** Looks through one instruction. */
export const vectorMoves = (ir: IrBuilder): VectorMoves => new Finder(ir).find();

const GPR_END = W.gpr + FIELDS.gpr.count * FIELDS.gpr.stride;

class Finder {
  readonly #ir: IrBuilder;
  readonly #sets = new Map<ValueId, { word: number; bytes: 8 | 16; vector: Vector }>();
  readonly #loads = new Set<ValueId>();
  readonly #stores = new Map<ValueId, number>();
  readonly #operands = new Map<ValueId, ValueId[]>();
  readonly #dropped = new Set<ValueId>();

  constructor(ir: IrBuilder) {
    this.#ir = ir;
  }

  find(): VectorMoves {
    const { insts } = this.#ir;
    // Few instructions are for vectors.
    if (!insts.some((inst) => this.#setWord(inst) !== undefined || this.#storedFrom(inst) !== undefined))
      return NO_VECTOR_MOVES;
    for (let at = 0; at < insts.length; at++) {
      const word = this.#setWord(insts[at]!);
      if (word !== undefined) this.#set(at, word);
      else this.#store(at);
    }
    return {
      sets: this.#sets,
      loads: this.#loads,
      stores: this.#stores,
      operands: this.#operands,
      dropped: this.#dropped,
    };
  }

  /** The word that an instruction sets, if it is not a register's. */
  #setWord(inst: Inst): number | undefined {
    if (inst.op !== 'set' || inst.slot.word < GPR_END || this.#ir.typeOf(inst.value) !== 'i32') return undefined;
    return inst.slot.word;
  }

  // ---- sets ----

  #set(at: ValueId, word: number): void {
    if (this.#dropped.has(at)) return;
    const { insts } = this.#ir;
    for (const bytes of [16, 8] as const) {
      const count = bytes / 4;
      const group = insts.slice(at, at + count);
      if (word % count !== 0 || group.length < count) continue;
      if (!group.every((inst, n) => this.#setWord(inst) === word + n)) continue;
      const values = group.map((inst) => (inst as Inst & { op: 'set' }).value);
      const parts: Parts = { values: [], loads: [] };
      const vector = bytes === 16 ? this.#vector(values, at, parts) : this.#pair(values, at, parts);
      if (vector === undefined) continue;
      this.#sets.set(at, { word, bytes, vector });
      this.#operands.set(at, parts.values);
      for (const [first, second] of parts.loads) {
        this.#loads.add(first);
        this.#dropped.add(second);
      }
      for (let n = 1; n < count; n++) this.#dropped.add(at + n);
      return;
    }
  }

  /** Eight bytes. */
  #pair(values: readonly ValueId[], at: ValueId, parts: Parts): Vector | undefined {
    const wide = this.#halved(values[0]!, values[1]!);
    if (wide !== undefined) {
      parts.values.push(wide);
      return { kind: 'value', value: wide };
    }
    return this.#state(values, at);
  }

  /** Sixteen bytes, which are put together at `at`; what they are made of goes to `parts`. */
  #vector(values: readonly ValueId[], at: ValueId, parts: Parts): Vector | undefined {
    const state = this.#state(values, at);
    if (state !== undefined) return state;
    const [first, second, third, fourth] = values as [ValueId, ValueId, ValueId, ValueId];
    const isZero = (value: ValueId): boolean => this.#ir.constant(value) === 0;
    if (values.every(isZero)) return { kind: 'zero' };
    if (isZero(third) && isZero(fourth)) {
      const value = isZero(second) ? first : this.#halved(first, second);
      if (value === undefined) return undefined;
      parts.values.push(value);
      return { kind: 'value', value };
    }
    const [low, high] = [this.#halved(first, second), this.#halved(third, fourth)];
    if (low !== undefined && high !== undefined) return this.#memory(low, high, values, parts);
    return this.#wordwise(values, at, parts);
  }

  /** Words of the state, one behind the other, that are still what they were. */
  #state(values: readonly ValueId[], at: ValueId): Vector | undefined {
    const { insts } = this.#ir;
    const [first] = values;
    const word = this.#gotWord(first!);
    if (word === undefined || word % values.length !== 0) return undefined;
    if (!values.every((value, n) => this.#gotWord(value) === word + n)) return undefined;
    const between = insts.slice(Math.min(...values), at);
    const same = between.every(({ op }) => op === 'get' || op === 'const' || op === 'pure' || op === 'load');
    return same ? { kind: 'state', word } : undefined;
  }

  #gotWord(value: ValueId): number | undefined {
    const inst = this.#ir.insts[value]!;
    return inst.op === 'get' && inst.type === 'i32' && inst.slot.word >= GPR_END ? inst.slot.word : undefined;
  }

  /** The 64-bit value that two are the halves of. */
  #halved(low: ValueId, high: ValueId): ValueId | undefined {
    const [l, h] = [this.#pure(low), this.#pure(high)];
    return l?.name === 'lo' && h?.name === 'hi' && l.args[0] === h.args[0] ? l.args[0] : undefined;
  }

  #pure(value: ValueId): Pure | undefined {
    const inst = this.#ir.insts[value]!;
    return inst.op === 'pure' ? inst : undefined;
  }

  /** Two loads of which nothing else uses anything. */
  #memory(low: ValueId, high: ValueId, halves: readonly ValueId[], parts: Parts): Vector | undefined {
    const { insts } = this.#ir;
    const [first, second] = [insts[low]!, insts[high]!];
    if (first.op !== 'load' || second.op !== 'load' || first.forWrite || second.forWrite) return undefined;
    if (!this.#isNext(first.address, second.address)) return undefined;
    if (!this.#usesAre(low, 2) || !this.#usesAre(high, 2) || !halves.every((half) => this.#usesAre(half, 1))) {
      return undefined;
    }
    parts.loads.push([low, high]);
    parts.values.push(low);
    return { kind: 'memory', load: low };
  }

  #usesAre(value: ValueId, count: number): boolean {
    return this.#ir.insts.reduce((sum, inst) => sum + operandsOf(inst).filter((v) => v === value).length, 0) === count;
  }

  /** Whether one address is 8 above the other. */
  #isNext(address: ValueId, next: ValueId): boolean {
    const [here, there] = [this.#ir.constant(address), this.#ir.constant(next)];
    if (typeof here === 'bigint' && typeof there === 'bigint') return there === BigInt.asUintN(64, here + 8n);
    const sum = this.#pure(next);
    return sum?.name === 'add64' && sum.args[0] === address && this.#ir.constant(sum.args[1]!) === 8n;
  }

  /** The same operation on each word. */
  #wordwise(values: readonly ValueId[], at: ValueId, parts: Parts): Vector | undefined {
    const insts = values.map((value) => this.#pure(value));
    const [first] = insts;
    if (first === undefined || !insts.every((inst) => inst?.name === first.name)) return undefined;
    const column = (n: number): ValueId[] => insts.map((inst) => inst!.args[n]!);
    if (first.name === 'neg') {
      // Of 0 or 1, which vectors do not know.
      const equal = column(0).map((value) => this.#pure(value));
      if (!equal.every((inst) => inst?.name === 'eq')) return undefined;
      return this.#op(
        SIMD.i32x4_eq,
        [0, 1].map((n) => equal.map((inst) => inst!.args[n]!)),
        at,
        parts,
      );
    }
    const op = WORDWISE[first.name];
    return op === undefined
      ? undefined
      : this.#op(
          op,
          first.args.map((_, n) => column(n)),
          at,
          parts,
        );
  }

  #op(op: number, columns: readonly ValueId[][], at: ValueId, parts: Parts): Vector | undefined {
    const args = columns.map((column) => this.#vector(column, at, parts));
    if (!args.every((arg) => arg !== undefined)) return undefined;
    const [a, b] = args;
    if (op === SIMD.v128_xor && a!.kind === 'state' && b!.kind === 'state' && a!.word === b!.word)
      return { kind: 'zero' };
    return { kind: 'op', op, args };
  }

  // ---- stores ----

  /** The state word that eight bytes are stored from. */
  #storedFrom(inst: Inst): number | undefined {
    if (inst.op !== 'store' || inst.width !== 8 || inst.after !== null) return undefined;
    const pair = this.#pure(inst.value);
    if (pair?.name !== 'pair') return undefined;
    const [low, high] = [this.#gotWord(pair.args[0]!), this.#gotWord(pair.args[1]!)];
    return low !== undefined && low % 2 === 0 && high === low + 1 ? low : undefined;
  }

  /** A store that is followed by one of the next eight bytes. */
  #store(at: ValueId): void {
    const { insts } = this.#ir;
    const first = insts[at]!;
    const word = this.#storedFrom(first);
    if (word === undefined || word % 4 !== 0) return;
    let next = at + 1;
    while (['get', 'const', 'pure'].includes(insts[next]?.op ?? '')) next++;
    const second = insts[next];
    if (second === undefined || this.#storedFrom(second) !== word + 2) return;
    const addresses = [first, second].map((inst) => (inst as Inst & { op: 'store' }).address);
    if (!this.#isNext(addresses[0]!, addresses[1]!)) return;
    this.#stores.set(at, word);
    this.#operands.set(at, [addresses[0]!]);
    this.#dropped.add(next);
  }
}

/** Pushes a vector: as i64 when it is one of 8 bytes. `local` is that of a load of 16 bytes. */
export function pushVector(
  code: WasmCode,
  frame: Frame,
  vector: Vector,
  bytes: 8 | 16,
  values: { push(value: ValueId): void; local(load: ValueId): number; isWide(value: ValueId): boolean },
): void {
  switch (vector.kind) {
    case 'state':
      code.i32(0);
      if (bytes === 16) code.vectorMemory(VECTOR_MEMORY.load, frame.stateOffset(vector.word));
      else code.memory(MEMORY.i64_load, frame.stateOffset(vector.word));
      return;
    case 'memory':
      return code.get(values.local(vector.load));
    case 'zero':
      return code.v128(new Uint8Array(16));
    case 'value':
      if (bytes === 8) return values.push(vector.value);
      code.v128(new Uint8Array(16));
      values.push(vector.value);
      return code.replaceLowest(values.isWide(vector.value) ? I64 : I32);
    case 'op':
      for (const arg of vector.args) pushVector(code, frame, arg, bytes, values);
      code.simd(vector.op);
  }
}
