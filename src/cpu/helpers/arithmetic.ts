import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { FLAG, W } from '../state.ts';

const divideError = (): never => raise(VECTOR.DE);
const TWO_32 = 4294967296;
/** Integers below are exact as JavaScript numbers. */
const EXACT_HIGH = 0x200000;

const unsigned = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const signed = (low: number, high: number): bigint => BigInt.asIntN(64, unsigned(low, high));
const lowOf = (x: bigint): number => Number(BigInt.asIntN(32, x));
const highOf = (x: bigint): number => Number(BigInt.asIntN(32, x >> 32n));

/**
 * DIV and IDIV (SDM 2A): #DE for a divisor of 0 and for quotients that do not fit. Divisors and dividend
 * halves below 4 bytes come zero-extended. The quotient is returned, the remainder left in W.hi, both
 * to be cut to the operand size.
 */
export function divisionHelpers(cpu: CpuContext) {
  const { w } = cpu;

  function divide(dividend: number, divisor: number, lowest: number, highest: number): number {
    if (divisor === 0) divideError();
    const quotient = Math.trunc(dividend / divisor);
    if (quotient < lowest || quotient > highest) divideError();
    w[W.hi] = dividend - quotient * divisor;
    return quotient | 0;
  }

  /** Quotient and remainder of a 128-bit division; the quotient has been checked. */
  function give(quotient: bigint, remainder: bigint): number {
    w[W.scratch] = lowOf(remainder);
    w[W.scratch + 1] = highOf(remainder);
    w[W.hi] = highOf(quotient);
    return lowOf(quotient);
  }

  return {
    div8: (ax: number, divisor: number): number => divide(ax, divisor, 0, 0xff),
    idiv8: (ax: number, divisor: number): number => divide((ax << 16) >> 16, (divisor << 24) >> 24, -0x80, 0x7f),
    div16: (ax: number, dx: number, divisor: number): number => divide(((dx << 16) | ax) >>> 0, divisor, 0, 0xffff),
    idiv16: (ax: number, dx: number, divisor: number): number =>
      divide((dx << 16) | ax, (divisor << 16) >> 16, -0x8000, 0x7fff),

    div32(eax: number, edx: number, divisor: number): number {
      if (edx >>> 0 >= divisor >>> 0) divideError();
      if (edx >>> 0 < EXACT_HIGH) return divide((edx >>> 0) * TWO_32 + (eax >>> 0), divisor >>> 0, 0, TWO_32 - 1);
      const dividend = unsigned(eax, edx);
      const by = BigInt(divisor >>> 0);
      w[W.hi] = lowOf(dividend % by);
      return lowOf(dividend / by);
    },

    idiv32(eax: number, edx: number, divisor: number): number {
      if (edx >= -EXACT_HIGH && edx < EXACT_HIGH) {
        return divide(edx * TWO_32 + (eax >>> 0), divisor, -0x80000000, 0x7fffffff);
      }
      if (divisor === 0) divideError();
      const dividend = signed(eax, edx);
      const quotient = dividend / BigInt(divisor);
      if (quotient !== BigInt.asIntN(32, quotient)) divideError();
      w[W.hi] = lowOf(dividend % BigInt(divisor));
      return lowOf(quotient);
    },

    /** Quotient in the result and W.hi, remainder in scratch words 0-1. */
    div64(al: number, ah: number, dl: number, dh: number, bl: number, bh: number): number {
      if ((dl | dh) === 0 && ah >>> 0 < EXACT_HIGH && bh >>> 0 < EXACT_HIGH && (bl | bh) !== 0) {
        const dividend = (ah >>> 0) * TWO_32 + (al >>> 0);
        const divisor = (bh >>> 0) * TWO_32 + (bl >>> 0);
        const quotient = Math.floor(dividend / divisor);
        const remainder = dividend - quotient * divisor;
        w[W.scratch] = remainder;
        w[W.scratch + 1] = remainder / TWO_32;
        w[W.hi] = quotient / TWO_32;
        return quotient | 0;
      }
      const divisor = unsigned(bl, bh);
      const high = unsigned(dl, dh);
      if (high >= divisor) divideError();
      const dividend = (high << 64n) | unsigned(al, ah);
      return give(dividend / divisor, dividend % divisor);
    },

    idiv64(al: number, ah: number, dl: number, dh: number, bl: number, bh: number): number {
      const divisor = signed(bl, bh);
      if (divisor === 0n) divideError();
      const dividend = (signed(dl, dh) << 64n) | unsigned(al, ah);
      const quotient = dividend / divisor;
      if (quotient !== BigInt.asIntN(64, quotient)) divideError();
      return give(quotient, dividend % divisor);
    },
  };
}

/**
 * RCL and RCR: the operand with CF above it rotates as one value of `bits` + 1 bits. CF and OF of the result
 * are left in scratch word 0 as RFLAGS bits; OF is the exclusive or of CF and the top bit for RCL, of the two
 * top bits for RCR, whatever the count.
 */
export function carryRotationHelpers(cpu: CpuContext) {
  const { w } = cpu;

  const leave = (carry: number, overflow: number): void => {
    w[W.scratch] = (carry !== 0 ? FLAG.CF : 0) | (overflow !== 0 ? FLAG.OF : 0);
  };

  function rotate(value: bigint, left: number, carry: number, bits: number, isLeft: boolean): bigint {
    const size = BigInt(bits);
    const n = BigInt(left);
    const whole = (BigInt(carry) << size) | value;
    const result = BigInt.asUintN(bits + 1, (whole << n) | (whole >> (size + 1n - n)));
    const out = Number(result >> size);
    const top = Number((result >> (size - 1n)) & 1n);
    leave(out, top ^ (isLeft ? out : Number((result >> (size - 2n)) & 1n)));
    return BigInt.asUintN(bits, result);
  }

  const rotate64 = (low: number, high: number, left: number, carry: number, isLeft: boolean): number => {
    const result = rotate(unsigned(low, high), left, carry, 64, isLeft);
    w[W.hi] = highOf(result);
    return lowOf(result);
  };

  return {
    /** Values below 4 bytes are zero-extended; `count` is 0-31. */
    rcl32: (value: number, count: number, carry: number, bits: number): number =>
      lowOf(rotate(BigInt(value >>> 0), count % (bits + 1), carry, bits, true)),
    rcr32(value: number, count: number, carry: number, bits: number): number {
      const left = (bits + 1 - (count % (bits + 1))) % (bits + 1);
      return lowOf(rotate(BigInt(value >>> 0), left, carry, bits, false));
    },
    rcl64: (low: number, high: number, count: number, carry: number): number => rotate64(low, high, count, carry, true),
    rcr64: (low: number, high: number, count: number, carry: number): number =>
      rotate64(low, high, (65 - count) % 65, carry, false),
  };
}

/** CMPXCHG16B. */
export function compareExchangeHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;
  return {
    /** 1 when the 16 bytes were RDX:RAX and are RCX:RBX now. Their old value is left in scratch words 0-3. */
    cmpxchg16b(
      low: number,
      high: number,
      al: number,
      ah: number,
      dl: number,
      dh: number,
      bl: number,
      bh: number,
      cl: number,
      ch: number,
    ): number {
      if ((low & 15) !== 0) raiseGP();
      const user = w[W.cpl] === 3;
      memory.probeWrite(low, high, 16, user);
      const old0 = memory.read64(low, high, user);
      const old1 = w[W.hi]!;
      const old2 = memory.read64(low + 8, high, user);
      const old3 = w[W.hi]!;
      w[W.scratch] = old0;
      w[W.scratch + 1] = old1;
      w[W.scratch + 2] = old2;
      w[W.scratch + 3] = old3;
      if (old0 !== al || old1 !== ah || old2 !== dl || old3 !== dh) return 0;
      memory.write64(low, high, bl, bh, user);
      memory.write64(low + 8, high, cl, ch, user);
      return 1;
    },
  };
}
