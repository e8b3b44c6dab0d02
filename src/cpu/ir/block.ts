import { type IrType, OPS, type PureName } from './ops.ts';

/** Number of a value: the index of the instruction that makes it. */
export type ValueId = number;

/**
 * A number that is known when the block is made, or (in the interpreter's printed forms) a field of the
 * instruction record that is known only when the form runs.
 */
export type Known = number | string;

/** A word of the CPU state: `word`, plus the record's field `param` when the register is symbolic. */
export interface Slot {
  readonly word: number;
  readonly param: string | null;
}

export type Width = 1 | 2 | 4 | 8;

/** One IR instruction. Those with a type make a value. */
export type Inst =
  | { readonly op: 'const'; readonly type: IrType; readonly low: Known; readonly high: Known }
  | { readonly op: 'pure'; readonly type: IrType; readonly name: PureName; readonly args: readonly ValueId[] }
  /** A word (i32) or two words (i64) of state. */
  | { readonly op: 'get'; readonly type: IrType; readonly slot: Slot }
  | { readonly op: 'set'; readonly type?: undefined; readonly slot: Slot; readonly value: ValueId }
  /** Zero-extended load at a linear address (i32 outside 64-bit mode, else i64). May fault. */
  | {
      readonly op: 'load';
      readonly type: IrType;
      readonly width: Width;
      readonly address: ValueId;
      /** Checks for writing, because a store to the same place follows. */
      readonly forWrite: boolean;
      /** A fault of a non-canonical address is #SS(0), not #GP(0). */
      readonly stack: boolean;
    }
  /** `after`: the forWrite load of the same address; such a store cannot fault. May fault otherwise. */
  | {
      readonly op: 'store';
      readonly type?: undefined;
      readonly width: Width;
      readonly address: ValueId;
      readonly value: ValueId;
      readonly stack: boolean;
      readonly after: ValueId | null;
    }
  /** Records the last arithmetic result: see flags.ts. `kind` is KIND | log2(size). */
  | {
      readonly op: 'setFlags';
      readonly type?: undefined;
      readonly kind: number;
      readonly result: ValueId;
      readonly a: ValueId | null;
      readonly b: ValueId | null;
    }
  /** Condition code 0-15 as 0 or 1. */
  | { readonly op: 'cond'; readonly type: 'i32'; readonly cc: Known }
  /** Those of OF SF ZF AF PF CF that `mask` has, as bits. */
  | { readonly op: 'getFlags'; readonly type: 'i32'; readonly mask: number }
  | { readonly op: 'putFlags'; readonly type?: undefined; readonly value: ValueId }
  /** Replaces OF, AF and CF by bits; SF, ZF and PF stay. */
  | { readonly op: 'putCarries'; readonly type?: undefined; readonly value: ValueId }
  /** A run-time helper by name. Arguments of type i64 arrive as two numbers. May fault, may write state. */
  | {
      readonly op: 'call';
      readonly type?: IrType | undefined;
      readonly helper: string;
      readonly args: readonly (ValueId | { readonly known: Known })[];
    }
  /** Raises `vector` with error code 0 when `condition` is not 0. */
  | { readonly op: 'fault'; readonly type?: undefined; readonly condition: ValueId; readonly vector: number }
  | { readonly op: 'if'; readonly type?: undefined; readonly condition: ValueId }
  | { readonly op: 'else'; readonly type?: undefined }
  | { readonly op: 'end'; readonly type?: undefined };

/** How an instruction hands over to the next. */
export type Terminal =
  /** Falls through; inside a block the next instruction follows. */
  | { readonly kind: 'next' }
  /** To a target known from the instruction. */
  | { readonly kind: 'jump' }
  /** To the known target when `condition` is not 0. */
  | { readonly kind: 'branch'; readonly condition: ValueId }
  /** To an instruction pointer computed at run time (already cut to the operand size). */
  | { readonly kind: 'indirect'; readonly target: ValueId }
  /** A helper has set RIP, and maybe the mode. */
  | { readonly kind: 'exit' }
  /** RIP moves on, but mode, interrupts or translations may have changed. */
  | { readonly kind: 'sync' }
  /** Runs the same instruction again when `condition` is not 0 (REP). */
  | { readonly kind: 'repeat'; readonly condition: ValueId };

const NEXT: Terminal = { kind: 'next' };

/** Collects IR. Constants fold as they are made, with the table's own `eval` column. */
export class IrBuilder {
  /** Operations on 64 bits are as quick as on 32: they are not taken apart where that is known. */
  readonly wide: boolean;
  readonly insts: Inst[] = [];
  terminal: Terminal = NEXT;

  constructor(wide = false) {
    this.wide = wide;
  }

  add(inst: Inst): ValueId {
    this.insts.push(inst);
    return this.insts.length - 1;
  }

  const32(value: Known): ValueId {
    return this.add({ op: 'const', type: 'i32', low: typeof value === 'number' ? value | 0 : value, high: 0 });
  }

  const64(low: Known, high: Known): ValueId {
    return this.add({ op: 'const', type: 'i64', low, high });
  }

  typeOf(value: ValueId): IrType {
    return this.insts[value]!.type as IrType;
  }

  /** The number behind a constant value, or undefined when it is not known now. */
  constant(value: ValueId): number | bigint | undefined {
    const inst = this.insts[value]!;
    if (inst.op !== 'const' || typeof inst.low === 'string' || typeof inst.high === 'string') return undefined;
    if (inst.type === 'i32') return inst.low;
    return (BigInt(inst.high >>> 0) << 32n) | BigInt(inst.low >>> 0);
  }

  pure(name: PureName, ...args: ValueId[]): ValueId {
    const op = OPS[name];
    const known = args.map((arg) => this.constant(arg));
    if (known.every((value) => value !== undefined)) {
      const result = (op.eval as (...args: (number | bigint)[]) => number | bigint)(...known);
      if (op.type === 'i32') return this.const32(result as number);
      const wide = result as bigint;
      return this.const64(Number(BigInt.asIntN(32, wide)), Number(BigInt.asIntN(32, wide >> 32n)));
    }
    return this.add({ op: 'pure', type: op.type, name, args });
  }
}
