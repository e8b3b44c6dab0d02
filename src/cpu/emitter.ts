import { MemoryEmitter } from './emitter/memory.ts';
import type { Val } from './emitter/values.ts';
import type { MemoryOperand, Operand, OperandSize } from './insn.ts';
import type { Known, ValueId } from './ir/block.ts';
import { W } from './state.ts';

export type { HelperArg, Val } from './emitter/values.ts';

/**
 * What semantics functions write with. Sizes are taken from the values, so one function serves all of an
 * instruction's operand sizes. Addresses are effective addresses until `load` and `store` add the segment.
 */
export class Emitter extends MemoryEmitter {
  readonly #loads = new Map<Operand, { linear: ValueId; load: ValueId }>();

  /** The operand's value; an immediate has been extended by the decoder to its row's size. */
  read(operand: Operand): Val {
    switch (operand.kind) {
      case 'gpr':
        return this.readGpr(operand.reg, operand.size, operand.high);
      case 'imm':
        return operand.size === 8
          ? { id: this.ir.const64(operand.low, operand.high), size: 8 }
          : { id: this.ir.const32(operand.low), size: operand.size };
      case 'mem':
        return this.load(operand.seg, this.address(operand), operand.size as OperandSize);
      default:
        throw new Error(`${this.insn.row.mnemonic}: a ${operand.kind} operand cannot be read as a number`);
    }
  }

  /** Reads an operand that this instruction will write: checks a memory operand for writing at once. */
  readForWrite(operand: Operand): Val {
    if (operand.kind !== 'mem') return this.read(operand);
    const size = operand.size as OperandSize;
    const linear = this.linear(operand.seg, this.address(operand), size, true);
    const load = this.loadAt(linear, size, operand.seg, true);
    this.#loads.set(operand, { linear, load });
    return { id: load, size };
  }
  write(operand: Operand, value: Val): void {
    if (operand.kind === 'gpr') {
      this.writeGpr(operand.reg, operand.size, operand.high, value);
    } else if (operand.kind === 'mem') {
      const before = this.#loads.get(operand);
      const linear = before?.linear ?? this.linear(operand.seg, this.address(operand), operand.size, true);
      this.storeAt(linear, value, operand.seg, before?.load ?? null);
    } else {
      throw new Error(`${this.insn.row.mnemonic}: a ${operand.kind} operand cannot be written`);
    }
  }

  /**
   * Puts a vector operand where helpers find it and gives its first state word: a register's own words,
   * or scratch 0 after a load of `operand.size` bytes. `aligned`: #GP(0) when a 16-byte operand is not.
   */
  vector(operand: Operand, aligned = true): Known {
    if (operand.kind === 'xmm' || operand.kind === 'mmx') {
      const slot = this.lane(operand, 0);
      return slot.param === null ? slot.word : `${slot.word} + ${slot.param}`;
    }
    if (operand.kind !== 'mem') throw new Error('vector() wants a vector register or memory');
    this.loadWords(operand, aligned).forEach((word, at) => {
      this.ir.add({ op: 'set', slot: { word: W.scratch + at, param: null }, value: word.id });
    });
    return W.scratch;
  }

  /** The 32-bit words of a vector operand in memory, lowest first; one of 1 or 2 bytes is zero-extended to a word. */
  loadWords(operand: MemoryOperand, aligned = true): Val[] {
    const address = this.linear(operand.seg, this.address(operand), operand.size, false);
    if (operand.size === 16 && aligned) this.#checkAligned16(address);
    const words: Val[] = [];
    for (let at = 0; at < operand.size; at += 8) {
      const size = Math.min(operand.size - at, 8) as OperandSize;
      const part: Val = { id: this.loadAt(this.#offset(address, at), size, operand.seg, false), size };
      words.push(size === 8 ? this.trunc(part, 4) : { id: part.id, size: 4 });
      if (size === 8) words.push(this.high(part));
    }
    return words;
  }

  /** Stores a register's first 4, 8 or 16 bytes; nothing is written when any byte would fault. */
  storeVector(operand: MemoryOperand, from: Operand, aligned = true): void {
    const address = this.linear(operand.seg, this.address(operand), operand.size, true);
    if (operand.size === 16 && aligned) this.#checkAligned16(address);
    if (operand.size === 16 && !aligned) this.#probeAcrossPages(address);
    for (let at = 0; at < operand.size; at += 8) {
      const low = this.readLane(from, at / 4);
      const value = operand.size === 4 ? low : this.pair(low, this.readLane(from, at / 4 + 1));
      this.storeAt(this.#offset(address, at), value, operand.seg, null);
    }
  }

  #offset(address: ValueId, bytes: number): ValueId {
    if (bytes === 0) return address;
    return this.ir.typeOf(address) === 'i64'
      ? this.ir.pure('add64', address, this.ir.const64(bytes, 0))
      : this.ir.pure('add', address, this.ir.const32(bytes));
  }
  #checkAligned16(address: ValueId): void {
    const low = this.#low(address);
    this.if(this.and(low, this.const(15, 4)), () => this.#callValue('checkAligned16', address));
  }

  /** Faults of the second page come before the first half is stored. */
  #probeAcrossPages(address: ValueId): void {
    const offset = this.and(this.#low(address), this.const(0xfff, 4));
    this.if(this.ltu(this.const(0xff0, 4), offset), () => this.#callValue('probeWrite', address, 16));
  }
  #low(address: ValueId): Val {
    return { id: this.ir.typeOf(address) === 'i64' ? this.ir.pure('lo', address) : address, size: 4 };
  }
  #callValue(helper: string, address: ValueId, ...known: number[]): void {
    const wide = this.ir.typeOf(address) === 'i64' ? address : this.ir.pure('zext64', address);
    this.ir.add({ op: 'call', helper, args: [wide, ...known.map((n) => ({ known: n }))] });
  }
}
