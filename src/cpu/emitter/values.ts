import type { Insn, OperandSize } from '../insn.ts';
import type { IrBuilder, Known, ValueId } from '../ir/block.ts';
import type { PureName } from '../ir/ops.ts';
import { MODE } from '../mode.ts';

/** A value in IR with its size in bytes. Values below four bytes are held zero-extended. */
export interface Val {
  readonly id: ValueId;
  readonly size: OperandSize;
}

/** An argument of a run-time helper: a value, or a number known when the form is made. */
export type HelperArg = Val | Known;

/** Constants and arithmetic on values: sizes are taken from the values. */
export abstract class ValueEmitter {
  readonly ir: IrBuilder;
  readonly insn: Insn;
  readonly mode: number;
  /** Bytes of the instruction's `v` operands: 2, 4 or 8. */
  readonly size: 2 | 4 | 8;
  readonly long: boolean;

  constructor(insn: Insn, ir: IrBuilder) {
    this.insn = insn;
    this.ir = ir;
    this.mode = insn.mode;
    this.size = insn.operandSize;
    this.long = (insn.mode & MODE.CODE) === MODE.CODE_64;
  }

  const(value: number | bigint, size: OperandSize): Val {
    const wide = BigInt.asIntN(64, BigInt(value));
    const low = Number(BigInt.asIntN(32, wide));
    if (size === 8) return { id: this.ir.const64(low, Number(BigInt.asIntN(32, wide >> 32n))), size };
    return { id: this.ir.const32(size === 1 ? low & 0xff : size === 2 ? low & 0xffff : low), size };
  }
  add(a: Val, b: Val): Val {
    return this.#wrap('add', a, b);
  }
  sub(a: Val, b: Val): Val {
    return this.#wrap('sub', a, b);
  }

  /** `carry` and `borrow` are an i32 0 or 1. */
  addWithCarry(a: Val, b: Val, carry: Val): Val {
    if (a.size === 8) return this.#pure(8, 'adc64', a, b, carry);
    return this.add(this.add(a, b), { id: carry.id, size: a.size });
  }
  subWithBorrow(a: Val, b: Val, borrow: Val): Val {
    if (a.size === 8) return this.#pure(8, 'sbb64', a, b, borrow);
    return this.sub(this.sub(a, b), { id: borrow.id, size: a.size });
  }

  /** Low half of the product. */
  mul(a: Val, b: Val): Val {
    return this.#wrap('mul', a, b);
  }
  and(a: Val, b: Val): Val {
    return this.#binary('and', a, b);
  }
  or(a: Val, b: Val): Val {
    return this.#binary('or', a, b);
  }
  xor(a: Val, b: Val): Val {
    return this.#binary('xor', a, b);
  }
  not(a: Val): Val {
    return this.xor(a, this.const(-1, a.size));
  }
  neg(a: Val): Val {
    return this.sub(this.const(0, a.size), a);
  }

  /** Shifts by an i32 count that the caller has masked below the value's size in bits (below 32 for small sizes). */
  shl(a: Val, count: Val): Val {
    if (a.size === 8) return this.#shift64('shl', a, count);
    return this.normal(this.ir.pure('shl', a.id, count.id), a.size);
  }
  shr(a: Val, count: Val): Val {
    return a.size === 8 ? this.#shift64('shr', a, count) : this.#pure(a.size, 'shr', a, count);
  }
  sar(a: Val, count: Val): Val {
    if (a.size === 8) return this.#shift64('sar', a, count);
    return this.normal(this.ir.pure('sar', this.signed(a), count.id), a.size);
  }

  /** Comparisons give an i32 0 or 1. */
  eq(a: Val, b: Val): Val {
    return this.#pure(4, a.size === 8 ? 'eq64' : 'eq', a, b);
  }
  ltu(a: Val, b: Val): Val {
    return this.#pure(4, a.size === 8 ? 'ltu64' : 'ltu', a, b);
  }
  lts(a: Val, b: Val): Val {
    if (a.size === 8) return this.#pure(4, 'lts64', a, b);
    return { id: this.ir.pure('lts', this.signed(a), this.signed(b)), size: 4 };
  }
  isZero(a: Val): Val {
    return this.eq(a, this.const(0, a.size));
  }

  /** `condition` is an i32; both arms are computed. */
  select(condition: Val, a: Val, b: Val): Val {
    return this.#pure(a.size, a.size === 8 ? 'select64' : 'select', condition, a, b);
  }

  /** Any row of the op table by name, for operations that have no method here. Result size as given. */
  pure(name: PureName, size: OperandSize, ...args: Val[]): Val {
    return this.#pure(size, name, ...args);
  }
  zext(a: Val, size: OperandSize): Val {
    if (size <= a.size) return this.trunc(a, size);
    return size === 8 ? { id: this.ir.pure('zext64', a.id), size } : { id: a.id, size };
  }
  sext(a: Val, size: OperandSize): Val {
    if (size <= a.size) return this.trunc(a, size);
    const wide = this.signed(a);
    return size === 8 ? { id: this.ir.pure('sext64', wide), size } : this.normal(wide, size);
  }
  trunc(a: Val, size: OperandSize): Val {
    if (size >= a.size) return { id: a.id, size: a.size };
    return this.normal(a.size === 8 ? this.ir.pure('lo', a.id) : a.id, size);
  }

  /** Upper half of an 8-byte value, as 4 bytes. */
  high(a: Val): Val {
    return { id: this.ir.pure('hi', a.id), size: 4 };
  }
  pair(low: Val, high: Val): Val {
    return { id: this.ir.pure('pair', low.id, high.id), size: 8 };
  }

  /** Bit `n` (a constant) as 0 or 1. */
  bit(a: Val, n: number): Val {
    const word = a.size === 8 ? (n >= 32 ? this.high(a) : this.trunc(a, 4)) : a;
    const at = n & 31;
    const shifted = at === 0 ? word.id : this.ir.pure('shr', word.id, this.ir.const32(at));
    return { id: at === 31 ? shifted : this.ir.pure('and', shifted, this.ir.const32(1)), size: 4 };
  }
  signBit(a: Val): Val {
    return this.bit(a, a.size * 8 - 1);
  }

  protected normal(id: ValueId, size: OperandSize): Val {
    if (size >= 4) return { id, size };
    return { id: this.ir.pure('and', id, this.ir.const32(size === 1 ? 0xff : 0xffff)), size };
  }
  protected signed(a: Val): ValueId {
    return a.size === 1 ? this.ir.pure('sext8', a.id) : a.size === 2 ? this.ir.pure('sext16', a.id) : a.id;
  }
  #pure(size: OperandSize, name: PureName, ...args: Val[]): Val {
    return { id: this.ir.pure(name, ...args.map((arg) => arg.id)), size };
  }
  #binary(name: 'and' | 'or' | 'xor', a: Val, b: Val): Val {
    return this.#pure(a.size, a.size === 8 ? `${name}64` : name, a, b);
  }

  /** By a constant count each half is one shift or two. */
  #shift64(name: 'shl' | 'shr' | 'sar', a: Val, count: Val): Val {
    const known = this.ir.constant(count.id);
    if (this.ir.wide || typeof known !== 'number' || this.ir.constant(a.id) !== undefined) {
      return this.#pure(8, `${name}64`, a, count);
    }
    const n = known & 63;
    if (n === 0) return a;
    const low = this.trunc(a, 4);
    const high = this.high(a);
    const by = (op: 'shl' | 'shr' | 'sar', value: Val, bits: number): Val =>
      bits === 0 ? value : this.#pure(4, op, value, { id: this.ir.const32(bits), size: 4 });
    if (name === 'shl') {
      if (n >= 32) return this.pair(this.const(0, 4), by('shl', low, n - 32));
      return this.pair(by('shl', low, n), this.or(by('shl', high, n), by('shr', low, 32 - n)));
    }
    const sign = name === 'sar' ? by('sar', high, 31) : this.const(0, 4);
    if (n >= 32) return this.pair(by(name, high, n - 32), sign);
    return this.pair(this.or(by('shr', low, n), by('shl', high, 32 - n)), by(name, high, n));
  }
  #wrap(name: 'add' | 'sub' | 'mul', a: Val, b: Val): Val {
    if (a.size === 8) return this.#pure(8, `${name}64`, a, b);
    return this.normal(this.ir.pure(name, a.id, b.id), a.size);
  }
}
