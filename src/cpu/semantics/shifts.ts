import type { Emitter, Val } from '../emitter.ts';
import type { Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG, W } from '../state.ts';
import { bitAs } from './integer.ts';

const OF_SHIFT = 11;
const CHANGED = FLAG.CF | FLAG.OF;

/** The count modulo 32, or 64 for 8-byte operands (SDM 2B, SAL/SAR/SHL/SHR); a constant one as a constant. */
function maskedCount(t: Emitter, count: Operand, size: number): Val {
  return t.and(bitAs(t, t.read(count), 4), t.const(size === 8 ? 63 : 31, 4));
}

/** Runs `then` unless the count is 0: at once when it is constant. */
function unlessZero(t: Emitter, count: Val, then: () => void): void {
  const known = t.ir.constant(count.id);
  if (known === undefined) t.if(count, then);
  else if (known !== 0) then();
}

/** Bit `at` of a value; 0 beyond its end. */
function bitAt(t: Emitter, value: Val, at: Val): Val {
  const known = t.ir.constant(at.id);
  if (typeof known === 'number') return known < value.size * 8 ? t.bit(value, known) : t.const(0, 4);
  const moved = value.size === 8 ? t.trunc(t.shr(value, at), 4) : t.pure('shr', 4, value, at);
  return t.and(moved, t.const(1, 4));
}

const minus = (t: Emitter, n: number, count: Val): Val => t.sub(t.const(n, 4), count);
const lessOne = (t: Emitter, count: Val): Val => t.sub(count, t.const(1, 4));

/** CF and OF as RFLAGS bits. */
const carryAndOverflow = (t: Emitter, cf: Val, of: Val): Val => t.or(cf, t.shl(of, t.const(OF_SHIFT, 4)));

// ---- SHL, SHR, SAR ----

/** `shift` gives the result; `flags` CF and OF as bits, for a count that is not 0. */
const shifter =
  (
    shift: (t: Emitter, a: Val, count: Val) => Val,
    flags: (t: Emitter, a: Val, count: Val, result: Val) => [cf: Val, of: Val],
  ): Emit =>
  (t, dst, countOperand) => {
    const a = t.readForWrite(dst!);
    const count = maskedCount(t, countOperand!, a.size);
    const result = shift(t, a, count);
    t.write(dst!, result);
    unlessZero(t, count, () => {
      const [cf, of] = flags(t, a, count, result);
      t.setResultFlags(result, cf, of);
    });
  };

/** A count above the operand's size leaves CF 0. */
export const shl = shifter(
  (t, a, count) => t.shl(a, count),
  (t, a, count, result) => {
    const cf = a.size < 4 ? t.bit(t.shl(bitAs(t, a, 4), count), a.size * 8) : bitAt(t, a, minus(t, a.size * 8, count));
    return [cf, t.xor(cf, t.signBit(result))];
  },
);

/** OF is the sign before the last step: of the operand for a count of 1, else 0. */
export const shr = shifter(
  (t, a, count) => t.shr(a, count),
  (t, a, count) => [bitAt(t, a, lessOne(t, count)), t.and(t.signBit(a), t.eq(count, t.const(1, 4)))],
);

/** A count above the operand's size moves out copies of the sign. */
export const sar = shifter(
  (t, a, count) => t.sar(a, count),
  (t, a, count) => {
    const wide = a.size < 4 ? t.sext(a, 4) : a;
    return [bitAt(t, wide, lessOne(t, count)), t.const(0, 4)];
  },
);

// ---- ROL, ROR ----

/** A value rotated left by a count below its size in bits. */
function rotateLeft(t: Emitter, a: Val, count: Val): Val {
  const bits = a.size * 8;
  if (a.size === 8 && (t.ir.wide || t.ir.constant(count.id) === undefined)) return t.pure('rol64', 8, a, count);
  if (a.size >= 4) {
    const back = t.and(minus(t, bits, count), t.const(bits - 1, 4));
    return t.or(t.shl(a, count), t.shr(a, back));
  }
  const wide = bitAs(t, a, 4);
  return t.trunc(t.or(t.shl(wide, count), t.shr(wide, minus(t, bits, count))), a.size);
}

const rotator =
  (left: boolean): Emit =>
  (t, dst, countOperand) => {
    const a = t.readForWrite(dst!);
    const bits = a.size * 8;
    const masked = maskedCount(t, countOperand!, a.size);
    const count = t.and(masked, t.const(bits - 1, 4));
    const result = rotateLeft(t, a, left ? count : t.and(minus(t, bits, count), t.const(bits - 1, 4)));
    t.write(dst!, result);
    unlessZero(t, masked, () => {
      const sign = t.signBit(result);
      const cf = left ? t.bit(result, 0) : sign;
      const of = t.xor(sign, left ? cf : t.bit(result, bits - 2));
      t.changeFlags(CHANGED, carryAndOverflow(t, cf, of));
    });
  };
export const rol = rotator(true);
export const ror = rotator(false);

// ---- RCL, RCR: rotations of CF and the operand together ----

/** By one place. */
function rotateCarryOnce(t: Emitter, dst: Operand, left: boolean): void {
  const a = t.readForWrite(dst);
  const carry = t.carry();
  const top = t.const(a.size * 8 - 1, 4);
  const one = t.const(1, 4);
  const result = left
    ? t.or(t.shl(a, one), bitAs(t, carry, a.size))
    : t.or(t.shr(a, one), t.shl(bitAs(t, carry, a.size), top));
  t.write(dst, result);
  const cf = left ? t.signBit(a) : t.bit(a, 0);
  const of = left ? t.xor(cf, t.signBit(result)) : t.xor(carry, t.signBit(a));
  t.changeFlags(CHANGED, carryAndOverflow(t, cf, of));
}

/** The helpers rotate modulo the size in bits plus one, and leave CF and OF as RFLAGS bits in scratch word 0. */
const carryRotator =
  (left: boolean): Emit =>
  (t, dst, countOperand) => {
    const a = dst!.size as Val['size'];
    const count = maskedCount(t, countOperand!, a);
    if (t.ir.constant(count.id) === 1) {
      rotateCarryOnce(t, dst!, left);
      return;
    }
    const value = t.readForWrite(dst!);
    const name = `${left ? 'rcl' : 'rcr'}${a === 8 ? '64' : '32'}`;
    const bits = a === 8 ? [] : [a * 8];
    const result = t.callFor(a, name, value, count, t.carry(), ...bits);
    t.write(dst!, result);
    unlessZero(t, count, () => t.changeFlags(CHANGED, t.field(W.scratch, 4)));
  };
export const rcl = carryRotator(true);
export const rcr = carryRotator(false);

// ---- SHLD, SHRD ----

interface DoubleShift {
  readonly result: Val;
  readonly cf: Val;
}

/**
 * 16-bit operands as processors do it: the destination follows the source again, so counts above 16, which
 * the SDM leaves undefined, have a meaning.
 */
function doubleShift16(t: Emitter, a: Val, b: Val, count: Val, left: boolean): DoubleShift {
  const join = (high: Val, low: Val): Val => t.or(t.shl(bitAs(t, high, 4), t.const(16, 4)), bitAs(t, low, 4));
  const [first, second] = left ? [join(a, b), join(b, a)] : [join(b, a), join(a, b)];
  const beyond = t.ltu(t.const(16, 4), count);
  const wide = t.select(beyond, second, first);
  const n = t.select(beyond, t.sub(count, t.const(16, 4)), count);
  return left
    ? { result: t.trunc(t.shr(t.shl(wide, n), t.const(16, 4)), 2), cf: bitAt(t, wide, minus(t, 32, n)) }
    : { result: t.trunc(t.shr(wide, n), 2), cf: bitAt(t, wide, lessOne(t, n)) };
}

function doubleShift32(t: Emitter, a: Val, b: Val, count: Val, left: boolean): DoubleShift {
  const bits = a.size * 8;
  const back = t.and(minus(t, bits, count), t.const(bits - 1, 4));
  const moved = left ? t.or(t.shl(a, count), t.shr(b, back)) : t.or(t.shr(a, count), t.shl(b, back));
  const known = t.ir.constant(count.id);
  const result = known === undefined ? t.select(count, moved, a) : known === 0 ? a : moved;
  return { result, cf: bitAt(t, a, left ? back : lessOne(t, count)) };
}

const doubleShifter =
  (left: boolean): Emit =>
  (t, dst, src, countOperand) => {
    const a = t.readForWrite(dst!);
    const count = maskedCount(t, countOperand!, a.size);
    const { result, cf } = (a.size === 2 ? doubleShift16 : doubleShift32)(t, a, t.read(src!), count, left);
    t.write(dst!, result);
    unlessZero(t, count, () => t.setResultFlags(result, cf, t.xor(t.signBit(a), t.signBit(result))));
  };
export const shld = doubleShifter(true);
export const shrd = doubleShifter(false);

// ---- BMI2: no flags ----

const plainShift =
  (op: 'shl' | 'shr' | 'sar'): Emit =>
  (t, dst, src, countOperand) => {
    const value = t.read(src!);
    const low = t.trunc(t.read(countOperand!), 4);
    t.write(dst!, t[op](value, t.and(low, t.const(value.size * 8 - 1, 4))));
  };
export const shlx = plainShift('shl');
export const shrx = plainShift('shr');
export const sarx = plainShift('sar');

export const rorx: Emit = (t, dst, src, countOperand) => {
  const value = t.read(src!);
  const last = t.const(value.size * 8 - 1, 4);
  const count = t.and(bitAs(t, t.read(countOperand!), 4), last);
  t.write(dst!, rotateLeft(t, value, t.and(minus(t, value.size * 8, count), last)));
};
