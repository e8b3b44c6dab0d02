import type { Operand, OperandSize } from '../insn.ts';
import type { Known, Slot } from '../ir/block.ts';
import { MODE } from '../mode.ts';
import { W } from '../state.ts';
import { type Val, ValueEmitter } from './values.ts';

/** The state of the processor: registers and fields by their number. */
export abstract class RegisterEmitter extends ValueEmitter {
  /** General-purpose register by number, of any size (no AH..BH). */
  gpr(reg: number, size: OperandSize): Val {
    return this.readGpr(reg, size, false);
  }
  setGpr(reg: number, value: Val): void {
    this.writeGpr(reg, value.size, false, value);
  }

  /** A 4- or 8-byte state field by word index (W.name + i). */
  field(word: number, size: 4 | 8): Val {
    return { id: this.ir.add({ op: 'get', type: size === 8 ? 'i64' : 'i32', slot: { word, param: null } }), size };
  }
  setField(word: number, value: Val): void {
    this.ir.add({ op: 'set', slot: { word, param: null }, value: value.id });
  }

  /** Register number of a non-GPR operand as a helper argument (a number, or a record field). */
  regNumber(operand: Operand): Known {
    if (!('reg' in operand)) throw new Error(`${this.insn.row.mnemonic}: operand has no register number`);
    if (typeof operand.reg === 'number') return operand.reg;
    // Symbolic register numbers are offsets in state words (accel/tcg/forms.ts).
    if (operand.kind === 'gpr') return `(${operand.reg} >> 1)`;
    return operand.kind === 'xmm' || operand.kind === 'mmx' ? `(${operand.reg} >> 2)` : operand.reg;
  }

  /** State slot of word `lane` of an XMM or MMX register operand. */
  lane(operand: Operand, lane: number): Slot {
    if (operand.kind !== 'xmm' && operand.kind !== 'mmx') throw new Error('lane() wants a vector register');
    const first = (operand.kind === 'xmm' ? W.xmm : W.st) + lane;
    return typeof operand.reg === 'number'
      ? { word: first + 4 * operand.reg, param: null }
      : { word: first, param: operand.reg };
  }
  readLane(operand: Operand, lane: number): Val {
    return { id: this.ir.add({ op: 'get', type: 'i32', slot: this.lane(operand, lane) }), size: 4 };
  }
  writeLane(operand: Operand, lane: number, value: Val): void {
    this.ir.add({ op: 'set', slot: this.lane(operand, lane), value: value.id });
  }

  protected readGpr(reg: Known, size: OperandSize, high: boolean): Val {
    const id = this.ir.add({ op: 'get', type: size === 8 ? 'i64' : 'i32', slot: this.#slot(reg) });
    if (!high) return this.normal(id, size);
    return this.normal(this.ir.pure('shr', id, this.ir.const32(8)), 1);
  }
  protected writeGpr(reg: Known, size: OperandSize, high: boolean, value: Val): void {
    const slot = this.#slot(reg);
    if (size >= 4) {
      const wide = size === 4 && (this.mode & MODE.LMA) !== 0 ? this.ir.pure('zext64', value.id) : value.id;
      this.ir.add({ op: 'set', slot, value: wide });
      return;
    }
    const old = this.ir.add({ op: 'get', type: 'i32', slot });
    const keep = high ? ~0xff00 : size === 1 ? ~0xff : ~0xffff;
    const part = high ? this.ir.pure('shl', value.id, this.ir.const32(8)) : value.id;
    const merged = this.ir.pure('or', this.ir.pure('and', old, this.ir.const32(keep)), part);
    this.ir.add({ op: 'set', slot, value: merged });
  }
  #slot(reg: Known): Slot {
    return typeof reg === 'number' ? { word: W.gpr + 2 * reg, param: null } : { word: W.gpr, param: reg };
  }
}
