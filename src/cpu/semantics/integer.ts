import type { Emitter, Val } from '../emitter.ts';
import { VECTOR } from '../fault.ts';
import type { Emit } from '../isa/row.ts';
import { DS, FLAG, RAX, RBX, RCX, RDX, W } from '../state.ts';

// ---- addition and subtraction ----

export const add: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  const sum = t.add(a, b);
  t.write(dst!, sum);
  t.setFlags('ADD', sum, a, b);
};

export const sub: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  const difference = t.sub(a, b);
  t.write(dst!, difference);
  t.setFlags('SUB', difference, a, b);
};

export const cmp: Emit = (t, left, right) => {
  const a = t.read(left!);
  const b = t.read(right!);
  t.setFlags('SUB', t.sub(a, b), a, b);
};

/** A 0 or 1 as a value of another size. */
export const bitAs = (t: Emitter, bit: Val, size: Val['size']): Val =>
  size === 8 ? t.zext(bit, 8) : { id: bit.id, size };

export const adc: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  const sum = t.addWithCarry(a, b, t.carry());
  t.write(dst!, sum);
  t.setFlags('ADC', sum, a, b);
};

export const sbb: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  const difference = t.subWithBorrow(a, b, t.carry());
  t.write(dst!, difference);
  t.setFlags('SBB', difference, a, b);
};

export const inc: Emit = (t, dst) => {
  const result = t.add(t.readForWrite(dst!), t.const(1, dst!.size as Val['size']));
  const carry = t.carry();
  t.write(dst!, result);
  t.setFlags('INC', result, carry);
};

export const dec: Emit = (t, dst) => {
  const result = t.sub(t.readForWrite(dst!), t.const(1, dst!.size as Val['size']));
  const carry = t.carry();
  t.write(dst!, result);
  t.setFlags('DEC', result, carry);
};

export const neg: Emit = (t, dst) => {
  const a = t.readForWrite(dst!);
  const result = t.neg(a);
  t.write(dst!, result);
  t.setFlags('SUB', result, t.const(0, a.size), a);
};

// ---- logic ----

const logic =
  (op: 'and' | 'or' | 'xor'): Emit =>
  (t, dst, src) => {
    const result = t[op](t.readForWrite(dst!), t.read(src!));
    t.write(dst!, result);
    t.setFlags('LOGIC', result);
  };
export const and = logic('and');
export const or = logic('or');
export const xor = logic('xor');

export const test: Emit = (t, left, right) => {
  t.setFlags('LOGIC', t.and(t.read(left!), t.read(right!)));
};

export const not: Emit = (t, dst) => {
  t.write(dst!, t.not(t.readForWrite(dst!)));
};

// ---- moves ----

export const mov: Emit = (t, dst, src) => {
  t.write(dst!, t.read(src!));
};

export const movzx: Emit = (t, dst, src) => {
  t.write(dst!, t.zext(t.read(src!), dst!.size as Val['size']));
};

export const movsx: Emit = (t, dst, src) => {
  t.write(dst!, t.sext(t.read(src!), dst!.size as Val['size']));
};

export const lea: Emit = (t, dst, src) => {
  t.write(dst!, t.zext(t.address(src!), dst!.size as Val['size']));
};

export const xchg: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  t.write(dst!, b);
  t.write(src!, a);
};

export const xadd: Emit = (t, dst, src) => {
  const a = t.readForWrite(dst!);
  const b = t.read(src!);
  const sum = t.add(a, b);
  if (dst!.kind === 'mem') {
    t.write(dst!, sum);
    t.write(src!, a);
  } else {
    t.write(src!, a);
    t.write(dst!, sum);
  }
  t.setFlags('ADD', sum, a, b);
};

/** Memory is written in any case (SDM 2A, CMPXCHG); of two registers only one is, which shows in upper halves. */
export const cmpxchg: Emit = (t, dst, src) => {
  const old = t.readForWrite(dst!);
  const accumulator = t.gpr(RAX, old.size);
  const equal = t.eq(accumulator, old);
  const replacement = t.read(src!);
  if (dst!.kind === 'mem') {
    t.write(dst!, t.select(equal, replacement, old));
    t.if(t.isZero(equal), () => t.setGpr(RAX, old));
  } else {
    t.if(
      equal,
      () => t.write(dst!, replacement),
      () => t.setGpr(RAX, old),
    );
  }
  t.setFlags('SUB', t.sub(accumulator, old), accumulator, old);
};

/** EDX:EAX or ECX:EBX as one value. */
const pairOf = (t: Emitter, high: number, low: number): Val => t.pair(t.gpr(low, 4), t.gpr(high, 4));

export const cmpxchg8b: Emit = (t, dst) => {
  const old = t.readForWrite(dst!);
  const equal = t.eq(pairOf(t, RDX, RAX), old);
  t.write(dst!, t.select(equal, pairOf(t, RCX, RBX), old));
  t.changeFlags(FLAG.ZF, t.shl(equal, t.const(6, 4)));
  t.if(t.isZero(equal), () => {
    t.setGpr(RAX, t.trunc(old, 4));
    t.setGpr(RDX, t.high(old));
  });
};

/** The helper leaves the old value in scratch words 0-3. */
export const cmpxchg16b: Emit = (t, dst) => {
  if (dst!.kind !== 'mem') throw new Error('CMPXCHG16B wants memory');
  const address: Val = { id: t.linear(dst!.seg, t.address(dst!), 16, true), size: 8 };
  t.checkStackAddress(dst!.seg, address.id);
  const equal = t.callFor(4, 'cmpxchg16b', address, t.gpr(RAX, 8), t.gpr(RDX, 8), t.gpr(RBX, 8), t.gpr(RCX, 8));
  t.changeFlags(FLAG.ZF, t.shl(equal, t.const(6, 4)));
  t.if(t.isZero(equal), () => {
    t.setGpr(RAX, t.field(W.scratch, 8));
    t.setGpr(RDX, t.field(W.scratch + 2, 8));
  });
};

/** Reversed bytes of a value of 2, 4 or 8 bytes. */
function swapBytes(t: Emitter, value: Val): Val {
  if (value.size === 8) return t.pair(t.pure('bswap', 4, t.high(value)), t.pure('bswap', 4, t.trunc(value, 4)));
  const swapped = t.pure('bswap', 4, value);
  return value.size === 4 ? swapped : t.trunc(t.shr(swapped, t.const(16, 4)), 2);
}

/** A 16-bit operand is undefined: processors give 0. */
export const bswap: Emit = (t, dst) => {
  const value = t.read(dst!);
  t.write(dst!, value.size === 2 ? t.const(0, 2) : swapBytes(t, value));
};

export const movbe: Emit = (t, dst, src) => {
  t.write(dst!, swapBytes(t, t.read(src!)));
};

/** Segment of an implicit source: DS unless overridden. */
export const sourceSegment = (t: Emitter): number => (t.insn.segOverride < 0 ? DS : t.insn.segOverride);

export const xlat: Emit = (t) => {
  const size = t.addressSize;
  const address = t.add(t.gpr(RBX, size), t.zext(t.gpr(RAX, 1), size));
  t.setGpr(RAX, t.load(sourceSegment(t), address, 1));
};

// ---- conversions of the accumulator ----

const half = (size: 2 | 4 | 8): 1 | 2 | 4 => (size / 2) as 1 | 2 | 4;

/** CBW, CWDE, CDQE. */
export const extendAccumulator: Emit = (t) => {
  t.setGpr(RAX, t.sext(t.gpr(RAX, half(t.size)), t.size));
};

/** CWD, CDQ, CQO. */
export const extendIntoD: Emit = (t) => {
  const sign = t.sar(t.gpr(RAX, t.size), t.const(t.size * 8 - 1, 4));
  t.setGpr(RDX, sign);
};

// ---- flags ----

export const clc: Emit = (t) => t.changeFlags(FLAG.CF, t.const(0, 4));
export const stc: Emit = (t) => t.changeFlags(FLAG.CF, t.const(FLAG.CF, 4));
export const cmc: Emit = (t) => t.changeFlags(FLAG.CF, t.xor(t.carry(), t.const(1, 4)));

const setDirection =
  (value: number): Emit =>
  (t) => {
    const others = t.and(t.field(W.rflags, 4), t.const(~FLAG.DF, 4));
    t.setField(W.rflags, t.or(others, t.const(value, 4)));
  };
export const cld = setDirection(0);
export const std = setDirection(FLAG.DF);

/** AH and the flags it can carry (SDM 1 3.4.3.1). */
const AH_FLAGS = FLAG.SF | FLAG.ZF | FLAG.AF | FLAG.PF | FLAG.CF;

export const lahf: Emit = (t) => {
  const flags = t.or(t.and(t.arithmeticFlags(), t.const(AH_FLAGS, 4)), t.const(2, 4));
  t.setGpr(RAX, t.or(t.and(t.gpr(RAX, 2), t.const(0xff, 2)), t.shl(bitAs(t, flags, 2), t.const(8, 4))));
};
export const sahf: Emit = (t) => t.changeFlags(AH_FLAGS, t.shr(bitAs(t, t.gpr(RAX, 2), 4), t.const(8, 4)));

/** SALC: AL is 0 or FFh by CF. */
export const salc: Emit = (t) => t.setGpr(RAX, t.neg(bitAs(t, t.carry(), 1)));

// ---- nothing ----

export const nop: Emit = () => {};
export const undefinedInstruction: Emit = (t) => t.raise(VECTOR.UD);
