import { VECTOR } from './fault.ts';
import { type FlagKind, flagKindCode } from './flags.ts';
import type { Insn, MemoryOperand, Operand, OperandSize } from './insn.ts';
import type { IrBuilder, Known, Slot, ValueId, Width } from './ir/block.ts';
import type { PureName } from './ir/ops.ts';
import { MODE } from './mode.ts';
import { CS, FLAG, FS, RSP, SS, W } from './state.ts';

/** A value in IR with its size in bytes. Values below four bytes are held zero-extended. */
export interface Val {
  readonly id: ValueId;
  readonly size: OperandSize;
}

/** An argument of a run-time helper: a value, or a number known when the form is made. */
export type HelperArg = Val | Known;

/**
 * What semantics functions write with. Sizes are taken from the values, so one function serves all of an
 * instruction's operand sizes. Addresses are effective addresses until `load` and `store` add the segment.
 */
export class Emitter {
  readonly ir: IrBuilder;
  readonly insn: Insn;
  readonly mode: number;
  /** Bytes of the instruction's `v` operands: 2, 4 or 8. */
  readonly size: 2 | 4 | 8;
  readonly long: boolean;
  readonly #loads = new Map<Operand, { linear: ValueId; load: ValueId }>();

  constructor(insn: Insn, ir: IrBuilder) {
    this.insn = insn;
    this.ir = ir;
    this.mode = insn.mode;
    this.size = insn.operandSize;
    this.long = (insn.mode & MODE.CODE) === MODE.CODE_64;
  }

  // ---- constants and arithmetic ----

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
    return this.#normal(this.ir.pure('shl', a.id, count.id), a.size);
  }
  shr(a: Val, count: Val): Val {
    return a.size === 8 ? this.#shift64('shr', a, count) : this.#pure(a.size, 'shr', a, count);
  }
  sar(a: Val, count: Val): Val {
    if (a.size === 8) return this.#shift64('sar', a, count);
    return this.#normal(this.ir.pure('sar', this.#signed(a), count.id), a.size);
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
    return { id: this.ir.pure('lts', this.#signed(a), this.#signed(b)), size: 4 };
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
    const wide = this.#signed(a);
    return size === 8 ? { id: this.ir.pure('sext64', wide), size } : this.#normal(wide, size);
  }
  trunc(a: Val, size: OperandSize): Val {
    if (size >= a.size) return { id: a.id, size: a.size };
    return this.#normal(a.size === 8 ? this.ir.pure('lo', a.id) : a.id, size);
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

  // ---- operands ----

  /** The operand's value; an immediate has been extended by the decoder to its row's size. */
  read(operand: Operand): Val {
    switch (operand.kind) {
      case 'gpr':
        return this.#readGpr(operand.reg, operand.size, operand.high);
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
    const load = this.#load(linear, size, operand.seg, true);
    this.#loads.set(operand, { linear, load });
    return { id: load, size };
  }

  write(operand: Operand, value: Val): void {
    if (operand.kind === 'gpr') {
      this.#writeGpr(operand.reg, operand.size, operand.high, value);
    } else if (operand.kind === 'mem') {
      const before = this.#loads.get(operand);
      const linear = before?.linear ?? this.linear(operand.seg, this.address(operand), operand.size, true);
      this.#store(linear, value, operand.seg, before?.load ?? null);
    } else {
      throw new Error(`${this.insn.row.mnemonic}: a ${operand.kind} operand cannot be written`);
    }
  }

  /** General-purpose register by number, of any size (no AH..BH). */
  gpr(reg: number, size: OperandSize): Val {
    return this.#readGpr(reg, size, false);
  }
  setGpr(reg: number, value: Val): void {
    this.#writeGpr(reg, value.size, false, value);
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

  // ---- memory ----

  /** Bytes of an effective address: 2, 4 or 8. */
  get addressSize(): 2 | 4 | 8 {
    return this.insn.addressSize;
  }

  /** Effective address of a memory operand, cut to the address size, as a value of 4 (16- and 32-bit) or 8 bytes. */
  address(operand: Operand): Val {
    if (operand.kind !== 'mem') throw new Error(`${this.insn.row.mnemonic}: operand is not in memory`);
    const { base, index, scale, disp, dispHigh } = operand;
    const wide: OperandSize = this.addressSize === 8 ? 8 : 4;
    const read = (reg: Known): Val => this.#readGpr(reg, wide, false);
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
    return { id: this.#load(this.linear(seg, address, size, false), size, seg, false), size };
  }

  store(seg: number, address: Val, value: Val): void {
    this.#store(this.linear(seg, address, value.size, true), value, seg, null);
  }

  /** As `readForWrite`, at a computed address: the value, and the store that cannot fault. */
  loadForWrite(seg: number, address: Val, size: OperandSize): { value: Val; store: (value: Val) => void } {
    const linear = this.linear(seg, address, size, true);
    const load = this.#load(linear, size, seg, true);
    return { value: { id: load, size }, store: (value) => this.#store(linear, value, seg, load) };
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

  /** Raises a fault with error code 0 when a 64-bit address is not canonical. */
  checkCanonical(address: Val, vector: number): void {
    const above = this.add(this.high(address), this.const(0x8000, 4));
    this.faultIf(this.ltu(this.const(0xffff, 4), above), vector);
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
      const part: Val = { id: this.#load(this.#offset(address, at), size, operand.seg, false), size };
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
      this.#store(this.#offset(address, at), value, operand.seg, null);
    }
  }

  // ---- stack ----

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

  // ---- flags ----

  /** All six arithmetic flags follow from `result = a op b` (flags.ts). */
  setFlags(kind: Exclude<FlagKind, 'EXPLICIT'>, result: Val, a: Val | null = null, b: Val | null = null): void {
    const wide = result.size < 4 ? this.#signed(result) : result.id;
    const code = flagKindCode(kind, result.size);
    this.ir.add({ op: 'setFlags', kind: code, result: wide, a: a?.id ?? null, b: b?.id ?? null });
  }
  /** ZF, SF and PF from the result; CF, OF, AF from 0/1 values (absent ones are cleared). */
  setResultFlags(result: Val, cf: Val | null, of: Val | null, af: Val | null = null): void {
    const zero = this.const(0, 4);
    let bits = cf ?? zero;
    if (of !== null) bits = this.or(bits, this.shl(of, this.const(11, 4)));
    if (af !== null) bits = this.or(bits, this.shl(af, this.const(4, 4)));
    this.setFlags('CARRIES', result, bits);
  }
  /** 0 or 1. */
  condition(cc: Known): Val {
    return { id: this.ir.add({ op: 'cond', type: 'i32', cc }), size: 4 };
  }
  carry(): Val {
    return this.condition(2);
  }
  /** OF SF ZF AF PF CF as RFLAGS bits. */
  arithmeticFlags(): Val {
    return { id: this.ir.add({ op: 'getFlags', type: 'i32' }), size: 4 };
  }
  /** Replaces the flags of `mask` (FLAG bits) by those of `bits`; the other arithmetic flags stay. */
  changeFlags(mask: number, bits: Val): void {
    const wanted = this.and(bits, this.const(mask, 4));
    const kept = mask === FLAG.ARITH ? wanted : this.or(this.and(this.arithmeticFlags(), this.const(~mask, 4)), wanted);
    this.ir.add({ op: 'putFlags', value: kept.id });
  }

  // ---- control ----

  /** Values made inside an arm are not used outside it. */
  if(condition: Val, then: () => void, otherwise?: () => void): void {
    this.ir.add({ op: 'if', condition: condition.id });
    then();
    if (otherwise !== undefined) {
      this.ir.add({ op: 'else' });
      otherwise();
    }
    this.ir.add({ op: 'end' });
  }
  /** A run-time helper (helpers/index.ts) for its effect. */
  call(helper: string, ...args: HelperArg[]): void {
    this.ir.add({ op: 'call', helper, args: args.map(argument) });
  }
  /** A run-time helper for its result. Sizes below 4 are taken as zero-extended by the helper. */
  callFor(size: OperandSize, helper: string, ...args: HelperArg[]): Val {
    const type = size === 8 ? 'i64' : 'i32';
    return { id: this.ir.add({ op: 'call', type, helper, args: args.map(argument) }), size };
  }
  raise(vector: number, errorCode = -1): void {
    this.call('raise', vector, errorCode);
  }

  /** Raises a fault with error code 0 when `condition`, an i32, is not 0. */
  faultIf(condition: Val, vector: number): void {
    this.ir.add({ op: 'fault', condition: condition.id, vector });
  }

  /** Instruction pointer behind this instruction, as pushed by CALL. */
  nextIp(size: 2 | 4 | 8): Val {
    const [low, high] = this.insn.next;
    if (size === 8) return { id: this.ir.const64(low, high), size };
    const id = this.ir.const32(low);
    return size === 2 ? { id: this.ir.pure('and', id, this.ir.const32(0xffff)), size } : { id, size };
  }
  /** Near jump to the relative operand's target, which `checkJump` has passed. */
  jump(): void {
    this.ir.terminal = { kind: 'jump' };
  }
  branch(condition: Val): void {
    this.ir.terminal = { kind: 'branch', condition: condition.id };
  }
  /** #GP(0) when the relative operand's target cannot be jumped to and `condition` is not 0. */
  checkJump(condition?: Val): void {
    if (this.insn.targetFaults) this.faultIf(condition ?? this.const(1, 4), VECTOR.GP);
  }
  /** #GP(0) when a computed target is not canonical, or beyond the limit of the code segment. */
  checkTarget(target: Val): void {
    if (this.long) return this.checkCanonical(target, VECTOR.GP);
    if ((this.mode & (1 << (MODE.FLAT_SHIFT + CS))) !== 0) return;
    this.faultIf(this.ltu(this.field(W.limit + CS, 4), this.zext(target, 4)), VECTOR.GP);
  }
  /** Near jump to a computed offset, zero-extended from its size, which `checkTarget` has passed. */
  jumpTo(target: Val): void {
    this.ir.terminal = { kind: 'indirect', target: this.zext(target, this.long ? 8 : 4).id };
  }
  /** A helper has set RIP (far transfer, interrupt return, ...). */
  exit(): void {
    this.ir.terminal = { kind: 'exit' };
  }
  /** Ends the block: the mode, translations, or the interrupt state may have changed. */
  sync(): void {
    this.ir.terminal = { kind: 'sync' };
  }
  /** REP: the instruction runs again while `condition` is not 0. */
  repeat(condition: Val): void {
    this.ir.terminal = { kind: 'repeat', condition: condition.id };
  }

  // ---- privates ----

  #pure(size: OperandSize, name: PureName, ...args: Val[]): Val {
    return { id: this.ir.pure(name, ...args.map((arg) => arg.id)), size };
  }
  #binary(name: 'and' | 'or' | 'xor', a: Val, b: Val): Val {
    return this.#pure(a.size, a.size === 8 ? `${name}64` : name, a, b);
  }
  /** An index times 2, 4 or 8. */
  #scale(index: Val, log2: Known): Val {
    const count = { id: this.ir.const32(log2), size: 4 } as const;
    if (index.size !== 8 || typeof log2 === 'number') return this.shl(index, count);
    const low = this.trunc(index, 4);
    const carried = this.shr(this.shr(low, this.const(1, 4)), this.sub(this.const(31, 4), count));
    return this.pair(this.shl(low, count), this.or(this.shl(this.high(index), count), carried));
  }
  /** By a constant count each half is one shift or two. */
  #shift64(name: 'shl' | 'shr' | 'sar', a: Val, count: Val): Val {
    const known = this.ir.constant(count.id);
    if (typeof known !== 'number' || this.ir.constant(a.id) !== undefined) return this.#pure(8, `${name}64`, a, count);
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
    return this.#normal(this.ir.pure(name, a.id, b.id), a.size);
  }
  #normal(id: ValueId, size: OperandSize): Val {
    if (size >= 4) return { id, size };
    return { id: this.ir.pure('and', id, this.ir.const32(size === 1 ? 0xff : 0xffff)), size };
  }
  #signed(a: Val): ValueId {
    return a.size === 1 ? this.ir.pure('sext8', a.id) : a.size === 2 ? this.ir.pure('sext16', a.id) : a.id;
  }

  #slot(reg: Known): Slot {
    return typeof reg === 'number' ? { word: W.gpr + 2 * reg, param: null } : { word: W.gpr, param: reg };
  }
  #readGpr(reg: Known, size: OperandSize, high: boolean): Val {
    const id = this.ir.add({ op: 'get', type: size === 8 ? 'i64' : 'i32', slot: this.#slot(reg) });
    if (!high) return this.#normal(id, size);
    return this.#normal(this.ir.pure('shr', id, this.ir.const32(8)), 1);
  }
  #writeGpr(reg: Known, size: OperandSize, high: boolean, value: Val): void {
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

  #load(address: ValueId, size: OperandSize, seg: number, forWrite: boolean): ValueId {
    const type = size === 8 ? 'i64' : 'i32';
    return this.ir.add({ op: 'load', type, width: size as Width, address, forWrite, stack: seg === SS });
  }
  #store(address: ValueId, value: Val, seg: number, after: ValueId | null): void {
    this.ir.add({ op: 'store', width: value.size, address, value: value.id, stack: seg === SS, after });
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

const argument = (arg: HelperArg): ValueId | { known: Known } => (typeof arg === 'object' ? arg.id : { known: arg });
