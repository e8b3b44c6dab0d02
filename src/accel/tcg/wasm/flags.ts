import { KIND } from '../../../cpu/flags.ts';
import { FLAG } from '../../../cpu/state.ts';
import { OP, type WasmCode } from './code.ts';

/** Pushes a value that flags follow from: as i64 when the operation was one of 64 bits, else as i32. */
export interface FlagParts {
  a(): void;
  b(): void;
  /** The result, sign-extended. */
  r(): void;
}

type FlagName = 'cf' | 'pf' | 'af' | 'zf' | 'sf' | 'of';

const BIT: Readonly<Record<FlagName, number>> = { cf: 0, pf: 2, af: 4, zf: 6, sf: 7, of: 11 };
const UNUSED = [24, 16, 0, 0] as const;
const MOST = [0x7f, 0x7fff, 0x7fffffff] as const;

/** False for the few kinds and sizes that only flags.ts of the CPU knows. */
export const isKnown = (kind: number): boolean => (kind & ~3) !== KIND.IMUL || (kind & 3) === 2;

/** Pushes flags and conditions for one kind of operation: flags.ts of the CPU says what they are. */
export class FlagPrinter {
  readonly #code: WasmCode;
  readonly #group: number;
  readonly #size: number;
  readonly #parts: FlagParts;

  constructor(code: WasmCode, kind: number, parts: FlagParts) {
    this.#code = code;
    this.#group = kind & ~3;
    this.#size = kind & 3;
    this.#parts = parts;
  }

  /** OF SF ZF AF PF CF as RFLAGS bits. */
  all(): void {
    this.some(FLAG.ARITH);
  }

  /** Those that `mask` has, as RFLAGS bits; the others are 0. */
  some(mask: number): void {
    const code = this.#code;
    if (this.#group === KIND.EXPLICIT || (this.#group === KIND.CARRIES && (mask & ~FLAG.CARRIES) === 0)) {
      this.#low(() => this.#parts.a());
      if (mask === FLAG.ARITH) return;
      code.i32(mask);
      return code.op(OP.i32_and);
    }
    const flags = (Object.keys(BIT) as FlagName[]).filter((flag) => (mask & (1 << BIT[flag])) !== 0);
    flags.forEach((flag, n) => {
      this.flag(flag);
      if (BIT[flag] !== 0) {
        code.i32(BIT[flag]);
        code.op(OP.i32_shl);
      }
      if (n > 0) code.op(OP.i32_or);
    });
  }

  /** Condition code 0-15 as 0 or 1. */
  condition(cc: number): void {
    this.#positive(cc >> 1);
    if ((cc & 1) !== 0) this.#code.op(OP.i32_eqz);
  }

  #positive(pair: number): void {
    const code = this.#code;
    const subtract = this.#group === KIND.SUB;
    switch (pair) {
      case 0:
        return this.flag('of');
      case 1:
        return this.flag('cf');
      case 2:
        return this.flag('zf');
      case 3:
        if (subtract) return this.#not(() => this.#compare(false, true));
        return this.#either('cf', 'zf', OP.i32_or);
      case 4:
        return this.flag('sf');
      case 5:
        return this.flag('pf');
      case 6:
        if (subtract) return this.#compare(true, false);
        if (this.#group === KIND.LOGIC) return this.flag('sf');
        return this.#either('sf', 'of', OP.i32_xor);
      default:
        if (subtract) return this.#not(() => this.#compare(true, true));
        if (this.#group === KIND.LOGIC) return this.#either('sf', 'zf', OP.i32_or);
        this.#either('sf', 'of', OP.i32_xor);
        this.flag('zf');
        code.op(OP.i32_or);
    }
  }

  #not(push: () => void): void {
    push();
    this.#code.op(OP.i32_eqz);
  }

  #either(one: FlagName, other: FlagName, op: number): void {
    this.flag(one);
    this.flag(other);
    this.#code.op(op);
  }

  /** `a < b` of a subtraction's operands, or `b < a`. */
  #compare(signed: boolean, swapped: boolean): void {
    const { a, b } = this.#parts;
    const operand = (push: () => void): void => {
      push.call(this.#parts);
      if (signed && UNUSED[this.#size]! > 0) {
        this.#code.i32(UNUSED[this.#size]!);
        this.#code.op(OP.i32_shl);
      }
    };
    operand(swapped ? b : a);
    operand(swapped ? a : b);
    this.#compareOp(signed);
  }

  #compareOp(signed: boolean): void {
    const wide = this.#size === 3;
    this.#code.op(signed ? (wide ? OP.i64_lt_s : OP.i32_lt_s) : wide ? OP.i64_lt_u : OP.i32_lt_u);
  }

  flag(flag: FlagName): void {
    const code = this.#code;
    const parts = this.#parts;
    const group = this.#group;
    const size = this.#size;
    const wide = size === 3;
    if (group === KIND.EXPLICIT) return this.#bitOfA(BIT[flag]);
    switch (flag) {
      case 'zf':
        if (group === KIND.SUB) {
          parts.a();
          parts.b();
          return code.op(wide ? OP.i64_eq : OP.i32_eq);
        }
        parts.r();
        return code.op(wide ? OP.i64_eqz : OP.i32_eqz);
      case 'sf':
        parts.r();
        this.#constant(0);
        return this.#compareOp(true);
      case 'pf':
        code.i32(0x9669);
        this.#low(() => parts.r());
        this.#low(() => parts.r());
        code.i32(4);
        code.op(OP.i32_shr_s);
        code.op(OP.i32_xor);
        code.i32(15);
        code.op(OP.i32_and);
        code.op(OP.i32_shr_u);
        code.i32(1);
        return code.op(OP.i32_and);
      case 'cf':
        return this.#carry();
      case 'of':
        return this.#overflow();
      case 'af':
        switch (group) {
          case KIND.ADD:
          case KIND.SUB:
          case KIND.ADC:
          case KIND.SBB:
            this.#low(() => parts.a());
            this.#low(() => parts.b());
            code.op(OP.i32_xor);
            this.#low(() => parts.r());
            code.op(OP.i32_xor);
            return this.#bit(4);
          case KIND.LOGIC:
          case KIND.MUL:
          case KIND.IMUL:
            return code.i32(0);
          case KIND.INC:
          case KIND.DEC:
            this.#low(() => parts.r());
            code.i32(15);
            code.op(OP.i32_and);
            code.i32(group === KIND.INC ? 0 : 15);
            return code.op(OP.i32_eq);
          default:
            return this.#bitOfA(4);
        }
    }
  }

  #carry(): void {
    const code = this.#code;
    const parts = this.#parts;
    const size = this.#size;
    const wide = size === 3;
    switch (this.#group) {
      case KIND.ADD:
        parts.r();
        if (size < 2) {
          code.i32(size === 0 ? 0xff : 0xffff);
          code.op(OP.i32_and);
        }
        parts.a();
        return this.#compareOp(false);
      case KIND.SUB:
        return this.#compare(false, false);
      case KIND.LOGIC:
        return code.i32(0);
      case KIND.ADC:
      case KIND.SBB:
        this.#chain();
        return this.#top();
      case KIND.MUL:
        parts.a();
        this.#constant(0);
        return code.op(wide ? OP.i64_ne : OP.i32_ne);
      case KIND.IMUL:
        return this.#isCut();
      default:
        return this.#bitOfA(0);
    }
  }

  /** The signed product of two 32-bit numbers has more than 32 bits. */
  #isCut(): void {
    const code = this.#code;
    const product = (): void => {
      for (const part of [this.#parts.a, this.#parts.b]) {
        part.call(this.#parts);
        code.op(OP.i64_extend_i32_s);
      }
      code.op(OP.i64_mul);
    };
    product();
    product();
    code.op(OP.i64_extend32_s);
    code.op(OP.i64_ne);
  }

  #overflow(): void {
    const code = this.#code;
    const parts = this.#parts;
    const size = this.#size;
    const wide = size === 3;
    const xor = wide ? OP.i64_xor : OP.i32_xor;
    const and = wide ? OP.i64_and : OP.i32_and;
    switch (this.#group) {
      case KIND.ADD:
      case KIND.ADC:
        for (const part of [parts.a, parts.b]) {
          part.call(parts);
          parts.r();
          code.op(xor);
        }
        code.op(and);
        return this.#top();
      case KIND.SUB:
      case KIND.SBB:
        for (const part of [parts.b, parts.r]) {
          parts.a();
          part.call(parts);
          code.op(xor);
        }
        code.op(and);
        return this.#top();
      case KIND.MUL:
      case KIND.IMUL:
        return this.#carry();
      case KIND.LOGIC:
        return code.i32(0);
      case KIND.INC:
        parts.r();
        if (wide) code.i64(0, -0x80000000);
        else code.i32(~MOST[size]!);
        return code.op(wide ? OP.i64_eq : OP.i32_eq);
      case KIND.DEC:
        parts.r();
        if (wide) code.i64(-1, 0x7fffffff);
        else code.i32(MOST[size]!);
        return code.op(wide ? OP.i64_eq : OP.i32_eq);
      default:
        return this.#bitOfA(11);
    }
  }

  /** The carry out of each bit of a sum with carry, or the borrow into each of a difference. */
  #chain(): void {
    const code = this.#code;
    const parts = this.#parts;
    const wide = this.#size === 3;
    const [and, or, xor] = wide ? [OP.i64_and, OP.i64_or, OP.i64_xor] : [OP.i32_and, OP.i32_or, OP.i32_xor];
    const subtract = this.#group === KIND.SBB;
    const inverted = (push: () => void): void => {
      push.call(parts);
      this.#constant(-1);
      code.op(xor);
    };
    const a = (): void => (subtract ? inverted(parts.a) : parts.a());
    a();
    parts.b();
    code.op(and);
    a();
    parts.b();
    code.op(or);
    if (subtract) parts.r();
    else inverted(parts.r);
    code.op(and);
    code.op(or);
  }

  #constant(value: number): void {
    if (this.#size === 3) this.#code.i64(value, value >> 31);
    else this.#code.i32(value);
  }

  /** The value's lower 32 bits. */
  #low(push: () => void): void {
    push();
    if (this.#size === 3) this.#code.op(OP.i32_wrap_i64);
  }

  /** The sign bit of what is on the stack, as 0 or 1. */
  #top(): void {
    if (this.#size === 3) {
      this.#code.i64(63, 0);
      this.#code.op(OP.i64_shr_u);
      this.#code.op(OP.i32_wrap_i64);
    } else this.#bit(31 - UNUSED[this.#size]!);
  }

  #bit(at: number): void {
    if (at > 0) {
      this.#code.i32(at);
      this.#code.op(OP.i32_shr_u);
    }
    this.#code.i32(1);
    this.#code.op(OP.i32_and);
  }

  #bitOfA(at: number): void {
    this.#low(() => this.#parts.a());
    this.#bit(at);
  }
}
