import { HINT, OP } from './code.ts';
import {
  DOUBLE,
  loaded,
  type Operation,
  orHelper,
  pushExponent,
  pushIsNormal,
  pushIsZero,
  pushNoDenormal,
  pushUnsettled,
  SINGLE,
  type Size,
} from './float-parts.ts';
import { type InlineCall, knownArgument } from './inline-call.ts';

type Print = (call: InlineCall) => void;

/**
 * Code for scalar arithmetic of SSE and SSE2 where the host's is the guest's: numbers are zero or normal, and MXCSR
 * would stay as it is. All else is the helper's.
 */
export const FLOATS: Readonly<Record<string, Print>> = {
  ...Object.fromEntries(
    (['add', 'sub', 'mul', 'div', 'sqrt'] as const).flatMap((operation) => [
      [`${operation}ss`, arithmetic(operation, SINGLE)],
      [`${operation}sd`, arithmetic(operation, DOUBLE)],
    ]),
  ),
  ucomiss: comparison(SINGLE),
  comiss: comparison(SINGLE),
  ucomisd: comparison(DOUBLE),
  comisd: comparison(DOUBLE),
};

/**
 * First it is asked whether all numbers are normal, then whether those that are not are zeros. Where PE is masked and
 * set, the sum of two normal numbers raises nothing unless it is too large, or a denormal where UE is not masked; a
 * product or quotient nothing unless it is too large or near the least normal number.
 */
function arithmetic(operation: Operation, size: Size): Print {
  return (call) => {
    const { code, frame } = call;
    const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
    const least = operation === 'add' || operation === 'sub' ? 1 : 2;
    const binary = operation !== 'sqrt';
    orHelper(call, (slow) => {
      pushUnsettled(call);
      slow();
      const x = binary ? loaded(call, size, d) : -1;
      const y = loaded(call, size, s);
      const r = frame.borrow(size.type);
      if (binary) code.get(x);
      code.get(y);
      code.op(size.ops[operation]);
      code.set(r);
      code.block();
      code.block();
      for (const word of binary ? [d, s] : [s]) {
        pushExponent(call, size, word);
        code.op(OP.i32_eqz);
        code.brIf(0);
      }
      pushIsNormal(code, size, r, least);
      code.brIf(1, HINT.LIKELY);
      code.op(OP.end);
      pushNoDenormal(call, size, s, y);
      if (binary) {
        pushNoDenormal(call, size, d, x);
        code.op(OP.i32_and);
      }
      pushIsNormal(code, size, r, least);
      pushIsZero(code, size, r);
      if (operation === 'mul' || operation === 'div') {
        // Such a zero is exact.
        pushIsZero(code, size, x);
        if (operation === 'mul') {
          pushIsZero(code, size, y);
          code.op(OP.i32_or);
        }
        code.op(OP.i32_and);
      }
      code.op(OP.i32_or);
      code.op(OP.i32_and);
      code.op(OP.i32_eqz);
      slow(1);
      code.op(OP.end);
      code.i32(0);
      code.get(r);
      code.memory(size.store, call.frame.stateOffset(d));
    });
  };
}

/** ZF and CF of two numbers that are no NaNs and no denormals, which raise DE. */
function comparison(size: Size): Print {
  return (call) => {
    const { code } = call;
    const [a, b] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
    orHelper(call, (slow) => {
      const [x, y] = [loaded(call, size, a), loaded(call, size, b)];
      const compare = (op: number): void => {
        code.get(x);
        code.get(y);
        code.op(op);
      };
      pushNoDenormal(call, size, a, x);
      pushNoDenormal(call, size, b, y);
      code.op(OP.i32_and);
      code.op(OP.i32_eqz);
      slow();
      compare(size.lt);
      compare(size.eq);
      code.i32(6);
      code.op(OP.i32_shl);
      code.op(OP.i32_or);
      code.tee(call.result);
      compare(size.gt);
      code.op(OP.i32_or);
      code.op(OP.i32_eqz);
      slow();
    });
  };
}
