import type { Emitter, Val } from '../emitter.ts';
import type { Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { RAX, RDX, W } from '../state.ts';
import { bitAs } from './integer.ts';

/** A product of two values of at most 4 bytes, or of 8: low and high half, each of their size. */
function product(t: Emitter, a: Val, b: Val, signed: boolean): [low: Val, high: Val] {
  const { size } = a;
  if (size < 4) {
    const wide = signed ? t.mul(t.sext(a, 4), t.sext(b, 4)) : t.mul(t.zext(a, 4), t.zext(b, 4));
    return [t.trunc(wide, size), t.trunc(t.shr(wide, t.const(size * 8, 4)), size)];
  }
  if (size === 4) return [t.mul(a, b), t.pure(signed ? 'mulhs' : 'mulhu', 4, a, b)];
  const [low, high] = product64(t, a, b);
  if (!signed) return [low, high];
  // A negative factor was taken as 2^64 too large.
  const excess = (x: Val, y: Val): Val => {
    const sign = t.sar(t.high(x), t.const(31, 4));
    return t.and(t.pair(sign, sign), y);
  };
  return [low, t.sub(t.sub(high, excess(a, b)), excess(b, a))];
}

/** 64 by 64 bits: the products of the 32-bit halves, added column by column. */
function product64(t: Emitter, a: Val, b: Val): [low: Val, high: Val] {
  const [al, ah, bl, bh] = [t.trunc(a, 4), t.high(a), t.trunc(b, 4), t.high(b)];
  const above = (x: Val, y: Val): Val => t.pure('mulhu', 4, x, y);
  const column = (parts: readonly Val[]): { sum: Val; carry: Val } =>
    parts.slice(1).reduce<{ sum: Val; carry: Val }>(
      ({ sum, carry }, part) => {
        const next = t.add(sum, part);
        return { sum: next, carry: t.add(carry, t.ltu(next, part)) };
      },
      { sum: parts[0]!, carry: t.const(0, 4) },
    );
  const second = column([above(al, bl), t.mul(al, bh), t.mul(ah, bl)]);
  const third = column([above(al, bh), above(ah, bl), t.mul(ah, bh), second.carry]);
  return [t.pair(t.mul(al, bl), second.sum), t.pair(third.sum, t.add(above(ah, bh), third.carry))];
}

/** A value twice as wide goes to AX, DX:AX, EDX:EAX or RDX:RAX. */
function setWide(t: Emitter, low: Val, high: Val): void {
  if (low.size === 1) {
    t.setGpr(RAX, t.or(bitAs(t, low, 2), t.shl(bitAs(t, high, 2), t.const(8, 4))));
    return;
  }
  t.setGpr(RAX, low);
  t.setGpr(RDX, high);
}

const multiplyAccumulator =
  (signed: boolean): Emit =>
  (t, src) => {
    const value = t.read(src!);
    const factor = t.gpr(RAX, value.size);
    const [low, high] = product(t, factor, value, signed);
    setWide(t, low, high);
    if (signed) t.setFlags('IMUL', low, factor, value);
    else t.setFlags('MUL', low, high);
  };
export const mul = multiplyAccumulator(false);
export const imul = multiplyAccumulator(true);

function multiply(t: Emitter, dst: Operand, a: Val, b: Val): void {
  const low = t.mul(a, b);
  t.write(dst, low);
  t.setFlags('IMUL', low, a, b);
}
export const imulTwo: Emit = (t, dst, src) => multiply(t, dst!, t.read(dst!), t.read(src!));
export const imulThree: Emit = (t, dst, src, factor) => multiply(t, dst!, t.read(src!), t.read(factor!));

/** BMI2: no flags; the high half wins when both destinations are one register. */
export const mulx: Emit = (t, highDst, lowDst, src) => {
  const value = t.read(src!);
  const [low, high] = product(t, t.gpr(RDX, value.size), value, false);
  t.write(lowDst!, low);
  t.write(highDst!, high);
};

/**
 * DIV and IDIV. The helpers raise #DE; up to 4 bytes they give quotient and remainder as the halves of one
 * value, for 8 bytes the quotient, and the remainder in scratch words 0-1.
 */
const divide =
  (name: 'div' | 'idiv'): Emit =>
  (t, src) => {
    const divisor = t.read(src!);
    const { size } = divisor;
    if (size === 1) {
      const both = t.callFor(8, `${name}8`, t.gpr(RAX, 2), divisor);
      setWide(t, t.trunc(both, 1), t.trunc(t.high(both), 1));
    } else if (size === 8) {
      const quotient = t.callFor(8, `${name}64`, t.gpr(RAX, 8), t.gpr(RDX, 8), divisor);
      t.setGpr(RAX, quotient);
      t.setGpr(RDX, t.field(W.scratch, 8));
    } else {
      const both = t.callFor(8, `${name}${size * 8}`, t.gpr(RAX, size), t.gpr(RDX, size), divisor);
      t.setGpr(RAX, t.trunc(both, size));
      t.setGpr(RDX, t.trunc(t.high(both), size));
    }
  };
export const div = divide('div');
export const idiv = divide('idiv');
