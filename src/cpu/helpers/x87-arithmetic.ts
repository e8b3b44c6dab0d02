import type { CpuContext } from '../context.ts';
import {
  addF80,
  compareF80,
  divideF80,
  examineF80,
  integerToF80,
  multiplyF80,
  operandF32ToF80,
  operandF64ToF80,
  remainderF80,
  roundF80,
  scaleF80,
  squareRootF80,
  subtractF80,
  UNORDERED,
} from '../softfloat/index.ts';
import { C0, C1, C2, C3, DE, IE, PRECOMPUTATION, SF, ZE } from '../softfloat/status.ts';
import { FLAG, W } from '../state.ts';
import { NOT_DONE, quickX87 } from './x87-quick.ts';
import { copyRegister, isEmpty, markFull, pop, report, st, underflow, writeIndefinite } from './x87-stack.ts';

const CONDITION = C0 | C1 | C2 | C3;
/** A memory operand widened to 80 bits, and a result that may not be wanted. */
const OPERAND = W.scratch;
const ASIDE = W.scratch + 4;
const ZERO = W.scratch + 8;

type Binary = (w: Int32Array, d: number, a: number, b: number, cw: number) => number;

/** Operations as the reg field of D8 numbers them; 2 and 3 are FCOM and FCOMP. */
const COMPARE = 2;
const COMPARE_POP = 3;
const OPERATIONS: readonly Binary[] = [
  addF80,
  multiplyF80,
  (w, _d, a, b) => compareF80(w, a, b, false),
  (w, _d, a, b) => compareF80(w, a, b, false),
  subtractF80,
  (w, d, a, b, cw) => subtractF80(w, d, b, a, cw),
  divideF80,
  (w, d, a, b, cw) => divideF80(w, d, b, a, cw),
];

const UNARY: Readonly<Record<string, (w: Int32Array, d: number, a: number, cw: number) => number>> = {
  squareRoot: squareRootF80,
  round: roundF80,
};

function isNan(w: Int32Array, a: number): boolean {
  return (w[a + 2] & 0x7fff) === 0x7fff && ((w[a + 1] & 0x7fffffff) | w[a]) !== 0;
}

/** FADD to FDIVR, FCOM to FUCOMPP, FTST, FXAM, FPREM, FSCALE, FRNDINT, FSQRT, FCHS, FABS. SDM volume 1, chapter 8. */
export function x87ArithmeticHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const quick = quickX87(w);

  /** Goes on after a result: flags to FSW, then the pop unless an unmasked exception stopped the instruction. */
  const settle = (flags: number, pops: boolean): void => {
    report(w, flags);
    if (pops && (flags & ~w[W.fcw] & PRECOMPUTATION) === 0) pop(w);
  };

  const compared = (flags: number, pops: number): void => {
    report(w, flags, CONDITION);
    if ((flags & ~w[W.fcw] & PRECOMPUTATION) !== 0) return;
    for (let i = 0; i < pops; i++) pop(w);
  };

  const compareEmpty = (pops: number): void => compared(IE | SF | UNORDERED, pops);

  /** ST(0) with OPERAND. A memory operand that was a denormal raises DE unless NaN, invalid or zero divide go first. */
  const withOperand = (operation: number, denormal: boolean): void => {
    const compares = operation === COMPARE || operation === COMPARE_POP;
    if (isEmpty(w, 0)) {
      if (compares) compareEmpty(operation - COMPARE);
      else if (underflow(w)) {
        writeIndefinite(w, st(w, 0));
        markFull(w, 0);
      }
      return;
    }
    const a = st(w, 0);
    const cw = w[W.fcw];
    const nan = denormal && isNan(w, a);
    let flags = OPERATIONS[operation](w, denormal ? ASIDE : a, a, OPERAND, cw);
    if (denormal) {
      if (!nan && (flags & (IE | ZE)) === 0) flags = (cw & DE) === 0 && !compares ? DE : flags | DE;
      if (!compares && (flags & ~cw & PRECOMPUTATION) === 0) copyRegister(w, a, ASIDE);
    }
    if (compares) compared(flags, operation - COMPARE);
    else report(w, flags);
  };

  const unary = (name: string): void => {
    const a = st(w, 0);
    if (!isEmpty(w, 0)) report(w, UNARY[name](w, a, a, w[W.fcw]));
    else if (underflow(w)) {
      writeIndefinite(w, a);
      markFull(w, 0);
    }
  };

  /** d = ST(0) op ST(1), for FPREM, FPREM1 and FSCALE. */
  const stackBinary = (operation: Binary, cleared: number): void => {
    const a = st(w, 0);
    if (isEmpty(w, 0) || isEmpty(w, 1)) {
      const masked = underflow(w);
      w[W.fsw] &= ~(cleared & C2);
      if (!masked) return;
      writeIndefinite(w, a);
      markFull(w, 0);
      return;
    }
    const flags = operation(w, a, a, st(w, 1), w[W.fcw]);
    // Without a quotient its bits C0 and C3 stay as they were.
    const none = (flags & ~w[W.fcw] & PRECOMPUTATION) !== 0 || isNan(w, a);
    report(w, flags, none ? cleared & (C1 | C2) : cleared);
  };

  const signOperation = (change: (word: number) => number): void => {
    if (isEmpty(w, 0)) {
      if (!underflow(w)) return;
      writeIndefinite(w, st(w, 0));
      markFull(w, 0);
      return;
    }
    report(w, 0);
    w[st(w, 0) + 2] = change(w[st(w, 0) + 2]);
  };

  return {
    /** ST(d) = ST(a) op ST(b), operations numbered as D8's reg field. */
    x87Binary(operation: number, d: number, a: number, b: number, pops: number): void {
      if (quick.operateOnStack(operation, d, a, b)) {
        if (pops !== 0) pop(w);
        return;
      }
      if (isEmpty(w, a) || isEmpty(w, b)) {
        if (!underflow(w)) return;
        writeIndefinite(w, st(w, d));
        markFull(w, d);
        if (pops !== 0) pop(w);
        return;
      }
      settle(OPERATIONS[operation](w, st(w, d), st(w, a), st(w, b), w[W.fcw]), pops !== 0);
    },
    x87BinaryF32(operation: number, value: number): void {
      if (quick.widenSingle(OPERAND, value) && !isEmpty(w, 0)) {
        if (quick.operate(operation, st(w, 0), st(w, 0), OPERAND)) return;
      }
      w[ASIDE] = value;
      withOperand(operation, operandF32ToF80(w, OPERAND, ASIDE));
    },
    x87BinaryF64(operation: number, low: number, high: number): void {
      if (quick.widen(OPERAND, low, high) && !isEmpty(w, 0)) {
        if (quick.operate(operation, st(w, 0), st(w, 0), OPERAND)) return;
      }
      w[ASIDE] = low;
      w[ASIDE + 1] = high;
      withOperand(operation, operandF64ToF80(w, OPERAND, ASIDE));
    },
    x87BinaryInteger(operation: number, value: number): void {
      integerToF80(w, OPERAND, value >> 31, value);
      withOperand(operation, false);
    },

    /** FCOM, FUCOM and their popping forms. */
    x87Compare(quiet: number, b: number, pops: number): void {
      if (isEmpty(w, 0) || isEmpty(w, b)) return compareEmpty(pops);
      const order = quick.order(st(w, 0), st(w, b));
      if (order !== NOT_DONE) compared(order === 0 ? C3 : order < 0 ? C0 : 0, pops);
      else compared(compareF80(w, st(w, 0), st(w, b), quiet !== 0), pops);
    },
    /** FCOMI, FUCOMI: the new OF SF ZF AF PF CF. C1 stays unless a register is empty. */
    x87CompareFlags(quiet: number, b: number, pops: number): number {
      const empty = isEmpty(w, 0) || isEmpty(w, b);
      const order = empty ? NOT_DONE : quick.order(st(w, 0), st(w, b));
      if (order !== NOT_DONE) {
        if (pops !== 0) pop(w);
        return order === 0 ? FLAG.ZF : order < 0 ? FLAG.CF : 0;
      }
      const flags = empty ? IE | SF | UNORDERED : compareF80(w, st(w, 0), st(w, b), quiet !== 0);
      report(w, flags & ~UNORDERED, empty ? C1 : 0);
      if (pops !== 0 && (flags & ~w[W.fcw] & PRECOMPUTATION) === 0) pop(w);
      return (
        ((flags & C3) !== 0 ? FLAG.ZF : 0) | ((flags & C2) !== 0 ? FLAG.PF : 0) | ((flags & C0) !== 0 ? FLAG.CF : 0)
      );
    },
    x87Test(): void {
      w[ZERO] = w[ZERO + 1] = w[ZERO + 2] = 0;
      if (isEmpty(w, 0)) compareEmpty(0);
      else compared(compareF80(w, st(w, 0), ZERO, false), 0);
    },
    x87Examine(): void {
      report(w, examineF80(w, st(w, 0), isEmpty(w, 0)), CONDITION);
    },

    x87SquareRoot: () => unary('squareRoot'),
    x87Round: () => unary('round'),
    x87Scale: () => stackBinary(scaleF80, C1),
    x87Remainder(nearest: number): void {
      stackBinary((words, d, a, b, cw) => remainderF80(words, d, a, b, cw, nearest !== 0), CONDITION);
    },
    x87ChangeSign: () => signOperation((word) => word ^ 0x8000),
    x87Absolute: () => signOperation((word) => word & 0x7fff),
  };
}
