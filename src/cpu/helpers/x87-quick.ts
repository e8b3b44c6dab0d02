import { multiplyHigh } from '../softfloat/arithmetic.ts';
import { W } from '../state.ts';

const EXCEPTIONS_AND_CONTROL = 0xf3f;
/** Every exception masked, 64 bits of precision, rounding to nearest: what programs run with. */
const USUAL = 0x33f;
const PE = 0x20;
const C1 = 0x200;
const ADD = 0;
const MULTIPLY = 1;
const SUBTRACT = 4;
const SUBTRACT_REVERSED = 5;
const EXPONENT = 0x7fff;
const SIGN = 0x8000;
const BIAS = 16383;
const F64_BIAS = 1023;
const F32_BIAS = 127;

/** The answer of `order` and `narrow` when they did nothing. */
export const NOT_DONE = -2;

/** Whether sign and exponent (`se`) and the significand's high word are those of a normal number. */
const isNormal = (se: number, hi: number): boolean => hi < 0 && ((se + 1) & EXPONENT) > 1;

/**
 * Addition, subtraction, multiplication, comparison and the formats of doubles for the case that nearly every
 * instruction meets: normal operands and result under the usual control word. Values stay in local variables from the
 * operands to the rounded result. Everything else is left to softfloat: each function then answers that it did nothing.
 * Operands and destination are first state words of registers.
 */
export function quickX87(w: Int32Array) {
  const { fcw, fsw, ftw, st } = W;

  /** Rounds to nearest and writes; false when the exponent, biased, might leave the format. */
  const finish = (d: number, sign: number, exp: number, hi: number, lo: number, ext: number): boolean => {
    if (exp < 1 || exp > 0x7ffd) return false;
    const up = ext < 0 && (ext !== -0x80000000 || (lo & 1) !== 0) ? 1 : 0;
    const roundedLo = (lo + up) | 0;
    const roundedHi = up !== 0 && roundedLo === 0 ? (hi + 1) | 0 : hi;
    const wrapped = roundedHi === 0 ? 1 : 0;
    w[d] = roundedLo;
    w[d + 1] = wrapped !== 0 ? -0x80000000 : roundedHi;
    w[d + 2] = sign | (exp + wrapped);
    w[fsw] = (w[fsw] & ~C1) | (ext === 0 ? 0 : up !== 0 ? PE | C1 : PE);
    return true;
  };

  const add = (d: number, a: number, b: number, negate: number): boolean => {
    let seA = w[a + 2];
    let seB = w[b + 2] ^ negate;
    let hi = w[a + 1];
    let lo = w[a];
    let hiB = w[b + 1];
    let loB = w[b];
    if (!isNormal(seA, hi) || !isNormal(seB, hiB)) return false;
    let distance = (seA & EXPONENT) - (seB & EXPONENT);
    if (distance < 0 || (distance === 0 && (hi === hiB ? lo >>> 0 < loB >>> 0 : hi < hiB))) {
      const se = seA;
      const high = hi;
      const low = lo;
      seA = seB;
      hi = hiB;
      lo = loB;
      seB = se;
      hiB = high;
      loB = low;
      distance = -distance;
    }
    // The smaller one moves right into 32 more bits, of which the last one stands for all that is lost.
    let ext = 0;
    if (distance >= 96) {
      ext = 1;
      hiB = loB = 0;
    } else if (distance !== 0) {
      let lost = 0;
      for (; distance >= 32; distance -= 32) {
        lost |= ext;
        ext = loB;
        loB = hiB;
        hiB = 0;
      }
      if (distance !== 0) {
        lost |= ext << (32 - distance);
        ext = (ext >>> distance) | (loB << (32 - distance));
        loB = (loB >>> distance) | (hiB << (32 - distance));
        hiB >>>= distance;
      }
      if (lost !== 0) ext |= 1;
    }
    let exp = seA & EXPONENT;
    if (((seA ^ seB) & SIGN) === 0) {
      const low = (lo + loB) | 0;
      const carry = ((lo & loB) | ((lo | loB) & ~low)) >>> 31;
      const high = (hi + hiB + carry) | 0;
      if (((hi & hiB) | ((hi | hiB) & ~high)) < 0) {
        ext = (low << 31) | (ext >>> 1) | (ext & 1);
        lo = (high << 31) | (low >>> 1);
        hi = -0x80000000 | (high >>> 1);
        exp++;
      } else {
        lo = low;
        hi = high;
      }
      return finish(d, seA & SIGN, exp, hi, lo, ext);
    }
    const low = (lo - loB - (ext === 0 ? 0 : 1)) | 0;
    const borrow = ((~lo & loB) | ((~lo | loB) & low)) >>> 31;
    hi = (hi - hiB - borrow) | 0;
    lo = low;
    ext = -ext | 0;
    if (hi >= 0) {
      if ((hi | lo | ext) === 0) {
        w[d] = w[d + 1] = w[d + 2] = 0;
        w[fsw] &= ~C1;
        return true;
      }
      while (hi === 0) {
        hi = lo;
        lo = ext;
        ext = 0;
        exp -= 32;
      }
      const n = Math.clz32(hi);
      if (n !== 0) {
        hi = (hi << n) | (lo >>> (32 - n));
        lo = (lo << n) | (ext >>> (32 - n));
        ext <<= n;
        exp -= n;
      }
    }
    return finish(d, seA & SIGN, exp, hi, lo, ext);
  };

  const multiply = (d: number, a: number, b: number): boolean => {
    const seA = w[a + 2];
    const seB = w[b + 2];
    const ah = w[a + 1];
    const al = w[a];
    const bh = w[b + 1];
    const bl = w[b];
    if (!isNormal(seA, ah) || !isNormal(seB, bh)) return false;
    const exp = (seA & EXPONENT) + (seB & EXPONENT) - BIAS;
    const sign = (seA ^ seB) & SIGN;
    let word1 = 0;
    let word2 = Math.imul(ah, bh);
    let word3 = multiplyHigh(ah, bh);
    let rest = 0;
    // Products of doubles and small integers have no low word.
    if (al !== 0) {
      const cross = Math.imul(al, bh);
      word1 = cross;
      const high = multiplyHigh(al, bh);
      const sum = (word2 + high) | 0;
      word3 = (word3 + (((word2 & high) | ((word2 | high) & ~sum)) >>> 31)) | 0;
      word2 = sum;
    }
    if (bl !== 0) {
      const cross = Math.imul(ah, bl);
      const low = (word1 + cross) | 0;
      const carry = ((word1 & cross) | ((word1 | cross) & ~low)) >>> 31;
      word1 = low;
      const high = multiplyHigh(ah, bl);
      const sum = (word2 + high + carry) | 0;
      word3 = (word3 + (((word2 & high) | ((word2 | high) & ~sum)) >>> 31)) | 0;
      word2 = sum;
      if (al !== 0) {
        rest = Math.imul(al, bl);
        const lowest = multiplyHigh(al, bl);
        const next = (word1 + lowest) | 0;
        const carry = ((word1 & lowest) | ((word1 | lowest) & ~next)) >>> 31;
        word1 = next;
        word2 = (word2 + carry) | 0;
        if (carry !== 0 && word2 === 0) word3 = (word3 + 1) | 0;
      }
    }
    if (word3 < 0) return finish(d, sign, exp + 1, word3, word2, rest === 0 ? word1 : word1 | 1);
    const ext = (word1 << 1) | (rest >>> 31) | (rest << 1 === 0 ? 0 : 1);
    return finish(d, sign, exp, (word3 << 1) | (word2 >>> 31), (word2 << 1) | (word1 >>> 31), ext);
  };

  const operate = (operation: number, d: number, a: number, b: number): boolean => {
    if ((w[fcw] & EXCEPTIONS_AND_CONTROL) !== USUAL) return false;
    switch (operation) {
      case ADD:
        return add(d, a, b, 0);
      case MULTIPLY:
        return multiply(d, a, b);
      case SUBTRACT:
        return add(d, a, b, SIGN);
      case SUBTRACT_REVERSED:
        return add(d, b, a, SIGN);
      default:
        return false;
    }
  };

  return {
    /** d = a op b, operations numbered as D8's reg field. */
    operate,

    /** ST(d) = ST(a) op ST(b), where both may be empty. */
    operateOnStack(operation: number, d: number, a: number, b: number): boolean {
      const top = w[fsw] >>> 11;
      const first = (top + a) & 7;
      const second = (top + b) & 7;
      if (((w[ftw] >>> first) & (w[ftw] >>> second) & 1) === 0) return false;
      return operate(operation, st + 4 * ((top + d) & 7), st + 4 * first, st + 4 * second);
    },

    /** -1, 0 or 1 as a is less than, equal to or greater than b. */
    order(a: number, b: number): number {
      const seA = w[a + 2];
      const seB = w[b + 2];
      const ah = w[a + 1];
      const bh = w[b + 1];
      if (!isNormal(seA, ah) || !isNormal(seB, bh)) return NOT_DONE;
      const larger = (seA & SIGN) === 0 ? 1 : -1;
      if (((seA ^ seB) & SIGN) !== 0) return larger;
      const distance = (seA & EXPONENT) - (seB & EXPONENT);
      if (distance !== 0) return distance > 0 ? larger : -larger;
      if (ah !== bh) return ah > bh ? larger : -larger;
      const al = w[a] >>> 0;
      const bl = w[b] >>> 0;
      return al === bl ? 0 : al > bl ? larger : -larger;
    },

    /** Widens a normal double to d. */
    widen(d: number, low: number, high: number): boolean {
      const biased = (high >>> 20) & 0x7ff;
      if (((biased + 1) & 0x7ff) <= 1) return false;
      w[d] = low << 11;
      w[d + 1] = -0x80000000 | (high << 11) | (low >>> 21);
      w[d + 2] = ((high >>> 16) & SIGN) | (biased + BIAS - F64_BIAS);
      return true;
    },

    /** As `widen`, of a normal float. */
    widenSingle(d: number, value: number): boolean {
      const biased = (value >>> 23) & 0xff;
      if (((biased + 1) & 0xff) <= 1) return false;
      w[d] = 0;
      w[d + 1] = -0x80000000 | (value << 8);
      w[d + 2] = ((value >>> 16) & SIGN) | (biased + BIAS - F32_BIAS);
      return true;
    },

    /** Narrows a to the double at d, in two words; gives status flags. */
    narrow(d: number, a: number): number {
      const se = w[a + 2];
      const hi = w[a + 1];
      const lo = w[a];
      const biased = (se & EXPONENT) - BIAS + F64_BIAS;
      if (hi >= 0 || biased < 1 || biased > 0x7fd || (w[fcw] & EXCEPTIONS_AND_CONTROL) !== USUAL) return NOT_DONE;
      const cut = lo & 0x7ff;
      const up = cut > 0x400 || (cut === 0x400 && (lo & 0x800) !== 0) ? 1 : 0;
      const low = (hi << 21) | (lo >>> 11);
      const rounded = (low + up) | 0;
      // A carry out of the fraction makes it zero and the exponent one more.
      w[d] = rounded;
      const carry = up !== 0 && rounded === 0 ? 1 : 0;
      w[d + 1] = (((se & SIGN) << 16) | (biased << 20) | ((hi >>> 11) & 0xfffff)) + carry;
      return cut === 0 ? 0 : up !== 0 ? PE | C1 : PE;
    },
  };
}
