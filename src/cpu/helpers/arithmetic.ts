import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { carryOut, mulhu32 } from '../ir/lib.ts';
import { FLAG, W } from '../state.ts';

const divideError = (): never => raise(VECTOR.DE);
const TWO_32 = 4294967296;
/** Integers below are exact as JavaScript numbers. */
const EXACT_HIGH = 0x200000;

const unsigned = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const signed = (low: number, high: number): bigint => BigInt.asIntN(64, unsigned(low, high));
const lowOf = (x: bigint): number => Number(BigInt.asIntN(32, x));
const highOf = (x: bigint): number => Number(BigInt.asIntN(32, x >> 32n));

const isBelow = (al: number, ah: number, bl: number, bh: number): boolean =>
  ah === bh ? al >>> 0 < bl >>> 0 : ah >>> 0 < bh >>> 0;

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

  /** The remainder, in scratch words 0 and 1. */
  const R = W.scratch;

  /**
   * One digit of 32 bits of a long division: the remainder, which is less than the divisor, followed by `digit`.
   * Leaves the new remainder and returns the quotient. Doubles give it, or one less.
   */
  function longDivide(digit: number, bl: number, bh: number): number {
    const dividend = ((w[R + 1]! >>> 0) * TWO_32 + (w[R]! >>> 0)) * TWO_32 + (digit >>> 0);
    let quotient = dividend / ((bh >>> 0) * TWO_32 + (bl >>> 0)) - 2 ** -18;
    quotient >>>= 0;
    const product0 = Math.imul(quotient, bl);
    const above0 = mulhu32(quotient, bl);
    const product1 = (above0 + Math.imul(quotient, bh)) | 0;
    const product2 = (mulhu32(quotient, bh) + carryOut(product1, above0)) | 0;
    let low = (digit - product0) | 0;
    const borrow = digit >>> 0 < product0 >>> 0 ? 1 : 0;
    let high = (w[R]! - product1 - borrow) | 0;
    const top = (w[R + 1]! - product2 - (high >>> 0 > w[R]! >>> 0 || (borrow !== 0 && product1 === -1) ? 1 : 0)) | 0;
    if (top !== 0 || !isBelow(low, high, bl, bh)) {
      quotient++;
      high = (high - bh - (low >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
      low = (low - bl) | 0;
    }
    w[R] = low;
    w[R + 1] = high;
    return quotient | 0;
  }

  /** Quotient in the result and W.hi, which has been checked to fit. */
  function divide128(al: number, ah: number, dl: number, dh: number, bl: number, bh: number): number {
    w[R] = dl;
    w[R + 1] = dh;
    const high = longDivide(ah, bl, bh);
    const low = longDivide(al, bl, bh);
    w[W.hi] = high;
    return low;
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
      w[R] = edx;
      w[R + 1] = 0;
      const quotient = longDivide(eax, divisor, 0);
      w[W.hi] = w[R]!;
      return quotient;
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
        w[R] = remainder;
        w[R + 1] = remainder / TWO_32;
        w[W.hi] = quotient / TWO_32;
        return quotient | 0;
      }
      if (!isBelow(dl, dh, bl, bh)) divideError();
      return divide128(al, ah, dl, dh, bl, bh);
    },

    /** By magnitudes; the remainder has the dividend's sign. */
    idiv64(al: number, ah: number, dl: number, dh: number, bl: number, bh: number): number {
      const negative = dh < 0;
      let [a0, a1, a2, a3] = [al, ah, dl, dh];
      if (negative) {
        a0 = -al | 0;
        a1 = (~ah + (a0 === 0 ? 1 : 0)) | 0;
        a2 = (~dl + ((a0 | a1) === 0 ? 1 : 0)) | 0;
        a3 = (~dh + ((a0 | a1 | a2) === 0 ? 1 : 0)) | 0;
      }
      const [b0, b1] = bh < 0 ? [-bl | 0, (~bh + (bl === 0 ? 1 : 0)) | 0] : [bl, bh];
      if (!isBelow(a2, a3, b0, b1)) divideError();
      const low = divide128(a0, a1, a2, a3, b0, b1);
      const high = w[W.hi]!;
      if (negative) {
        w[R + 1] = (~w[R + 1]! + (w[R] === 0 ? 1 : 0)) | 0;
        w[R] = -w[R]!;
      }
      if (negative === bh < 0) {
        if (high < 0) divideError();
        return low;
      }
      // -2^63 fits.
      if (high < 0 && (low !== 0 || high !== -0x80000000)) divideError();
      w[W.hi] = ~high + (low === 0 ? 1 : 0);
      return -low | 0;
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
