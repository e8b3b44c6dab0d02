import { VECTOR } from '../fault.ts';
import type { Operand, OperandSize } from '../insn.ts';
import type { Known, ValueId, Width } from '../ir/block.ts';
import { MODE } from '../mode.ts';
import { CS, FS, GS, RSP, SS, W } from '../state.ts';
import { ControlEmitter } from './control.ts';
import type { Val } from './values.ts';

/** Memory through segments, and the stack. Addresses are effective addresses until a segment is added. */
export abstract class MemoryEmitter extends ControlEmitter {
  /** Bytes of an effective address: 2, 4 or 8. */
  get addressSize(): 2 | 4 | 8 {
    return this.insn.addressSize;
  }

  /** Effective address of a memory operand, cut to the address size, as a value of 4 (16- and 32-bit) or 8 bytes. */
  address(operand: Operand): Val {
    if (operand.kind !== 'mem') throw new Error(`${this.insn.row.mnemonic}: operand is not in memory`);
    const { base, index, scale, disp, dispHigh } = operand;
    const wide: OperandSize = this.addressSize === 8 ? 8 : 4;
    const read = (reg: Known): Val => this.readGpr(reg, wide, false);
    const dispVal: Val =
      wide === 8 ? { id: this.ir.const64(disp, dispHigh), size: 8 } : { id: this.ir.const32(disp), size: 4 };
    let sum: Val | undefined = base === undefined ? undefined : read(base);
    if (index !== undefined) {
      let scaled = read(index);
      if (scale !== 0) scaled = this.#scale(scaled, scale);
      sum = sum === undefined ? scaled : this.add(sum, scaled);
    }
    if (sum === undefined) sum = dispVal;
    else if (disp !== 0 || dispHigh !== 0) sum = this.add(sum, dispVal);
    if (this.addressSize === 2) return { id: this.ir.pure('and', sum.id, this.ir.const32(0xffff)), size: 4 };
    return sum;
  }

  /** Zero-extended load through a segment. */
  load(seg: number, address: Val, size: OperandSize): Val {
    return { id: this.loadAt(this.linear(seg, address, size, false), size, seg, false), size };
  }
  store(seg: number, address: Val, value: Val): void {
    this.storeAt(this.linear(seg, address, value.size, true), value, seg, null);
  }

  /** As `readForWrite`, at a computed address: the value, and the store that cannot fault. */
  loadForWrite(seg: number, address: Val, size: OperandSize): { value: Val; store: (value: Val) => void } {
    const linear = this.linear(seg, address, size, true);
    const load = this.loadAt(linear, size, seg, true);
    return { value: { id: load, size }, store: (value) => this.storeAt(linear, value, seg, load) };
  }

  /**
   * Linear address of `bytes` bytes at an effective address: adds the base and checks limit and type.
   * i64 in 64-bit mode, else i32.
   */
  linear(seg: number, address: Val, bytes: number, write: boolean): ValueId {
    if (this.long) {
      const wide = address.size === 8 ? address : this.zext(address, 8);
      if (seg < FS) return wide.id;
      return this.add(wide, this.field(W.base + 2 * seg, 8)).id;
    }
    const cut = address.size === 8 ? this.trunc(address, 4) : address;
    if (seg <= 5 && (this.mode & (1 << (MODE.FLAT_SHIFT + seg))) !== 0 && !(seg === CS && write)) return cut.id;
    if ((seg === FS && (this.mode & MODE.OPEN_FS) !== 0) || (seg === GS && (this.mode & MODE.OPEN_GS) !== 0))
      return this.add({ id: cut.id, size: 4 }, this.field(W.base + 2 * seg, 4)).id;
    return this.ir.add({
      op: 'call',
      type: 'i32',
      helper: write ? 'segmentWrite' : 'segmentRead',
      args: [{ known: seg }, cut.id, { known: bytes }],
    });
  }

  /** #SS(0) for an address in the stack segment that is not canonical: helpers that reach memory raise #GP(0). */
  checkStackAddress(seg: number, address: ValueId): void {
    if (this.long && seg === SS) this.checkCanonical({ id: address, size: 8 }, VECTOR.SS);
  }

  /** Bytes of the stack pointer: 8 in 64-bit mode, else by SS.B. */
  get stackSize(): 2 | 4 | 8 {
    return this.long ? 8 : (this.mode & MODE.STACK_32) !== 0 ? 4 : 2;
  }

  /** Stack address of RSP + delta (a constant), wrapped to the stack size; 4 or 8 bytes. */
  stackAddress(delta: number): Val {
    const size = this.stackSize;
    const sp = this.gpr(RSP, size === 8 ? 8 : 4);
    const moved = delta === 0 ? sp : this.add(sp, this.const(delta, sp.size));
    return size === 2 ? { id: this.ir.pure('and', moved.id, this.ir.const32(0xffff)), size: 4 } : moved;
  }

  /** Sets SP/ESP/RSP from an address that stackAddress made. */
  setStack(address: Val): void {
    this.setGpr(RSP, this.stackSize === 2 ? this.trunc(address, 2) : address);
  }
  push(value: Val): void {
    const at = this.stackAddress(-value.size);
    this.store(SS, at, value);
    this.setStack(at);
  }

  /** Loads the top of stack; the caller writes its result and then calls `setStack(stackAddress(size))`. */
  top(size: OperandSize): Val {
    return this.load(SS, this.stackAddress(0), size);
  }
  pop(size: OperandSize): Val {
    const value = this.top(size);
    this.setStack(this.stackAddress(size));
    return value;
  }

  /** A load from a linear address. */
  protected loadAt(address: ValueId, size: OperandSize, seg: number, forWrite: boolean): ValueId {
    const type = size === 8 ? 'i64' : 'i32';
    return this.ir.add({ op: 'load', type, width: size as Width, address, forWrite, stack: seg === SS });
  }
  /** A store to a linear address; `after` is the load that has checked it for writing. */
  protected storeAt(address: ValueId, value: Val, seg: number, after: ValueId | null): void {
    this.ir.add({ op: 'store', width: value.size, address, value: value.id, stack: seg === SS, after });
  }

  /** An index times 2, 4 or 8. */
  #scale(index: Val, log2: Known): Val {
    const count = { id: this.ir.const32(log2), size: 4 } as const;
    if (index.size !== 8 || typeof log2 === 'number') return this.shl(index, count);
    const low = this.trunc(index, 4);
    const carried = this.shr(this.shr(low, this.const(1, 4)), this.sub(this.const(31, 4), count));
    return this.pair(this.shl(low, count), this.or(this.shl(this.high(index), count), carried));
  }
}
