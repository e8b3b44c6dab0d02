import { W } from '../../../cpu/state.ts';
import { F32, F64, I32, I64, MEMORY, OP, TRUNC_SAT, type WasmCode } from './code.ts';
import { type InlineCall, knownArgument } from './inline-call.ts';

/** RC, FTZ, DAZ, the mask of PE, and PE. */
const CONTROL = 0xf060;
/** Rounding to nearest, no FTZ and DAZ; PE is masked and set. */
const SETTLED = 0x1020;

/** One of the two sizes of numbers, as instructions for it. */
interface Size {
  readonly type: typeof F32 | typeof F64;
  readonly load: number;
  readonly store: number;
  readonly eq: number;
  readonly lt: number;
  readonly gt: number;
  readonly ge: number;
  readonly ops: Readonly<Record<Operation, number>>;
  /** The word with the exponent, counted from a number's first; the exponent's bits there, and the lowest of them. */
  readonly top: 0 | 1;
  readonly exponent: number;
  readonly unit: number;
}

export type Operation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt';

const SINGLE: Size = {
  type: F32,
  load: MEMORY.f32_load,
  store: MEMORY.f32_store,
  eq: OP.f32_eq,
  lt: OP.f32_lt,
  gt: OP.f32_gt,
  ge: OP.f32_ge,
  ops: { add: OP.f32_add, sub: OP.f32_sub, mul: OP.f32_mul, div: OP.f32_div, sqrt: OP.f32_sqrt },
  top: 0,
  exponent: 0x7f800000,
  unit: 0x00800000,
};
const DOUBLE: Size = {
  type: F64,
  load: MEMORY.f64_load,
  store: MEMORY.f64_store,
  eq: OP.f64_eq,
  lt: OP.f64_lt,
  gt: OP.f64_gt,
  ge: OP.f64_ge,
  ops: { add: OP.f64_add, sub: OP.f64_sub, mul: OP.f64_mul, div: OP.f64_div, sqrt: OP.f64_sqrt },
  top: 1,
  exponent: 0x7ff00000,
  unit: 0x00100000,
};

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
  cvtsi2sd: fromInteger,
  cvttsd2si: truncation,
};

/** Code in a block: what leads to the helper leaves it by `slow`. */
export function orHelper({ code, helper }: InlineCall, print: (slow: (depth?: number) => void) => void): void {
  code.block();
  code.block();
  print((depth = 0) => code.brIf(depth));
  code.br(1);
  code.op(OP.end);
  helper();
  code.op(OP.end);
}

export function pushUnsettled({ code, frame }: InlineCall): void {
  frame.loadState(code, W.mxcsr);
  code.i32(CONTROL);
  code.op(OP.i32_and);
  code.i32(SETTLED);
  code.op(OP.i32_ne);
}

/** A number of the state in a local. */
function loaded(call: InlineCall, size: Size, word: number): number {
  const { code, frame } = call;
  const local = frame.borrow(size.type);
  code.i32(0);
  code.memory(size.load, call.frame.stateOffset(word));
  code.set(local);
  return local;
}

/** Pushes the exponent of a number of the state, in its place; 0 for zeros and denormals. */
function pushExponent({ code, frame }: InlineCall, { top, exponent }: Size, word: number): void {
  frame.loadState(code, word + top);
  code.i32(exponent);
  code.op(OP.i32_and);
}

function pushIsZero(code: WasmCode, { type, eq }: Size, local: number): void {
  code.get(local);
  if (type === F64) code.f64(0);
  else code.f32(0);
  code.op(eq);
}

/** Pushes whether a number of the state is no denormal. */
function pushNoDenormal(call: InlineCall, size: Size, word: number, local: number): void {
  pushExponent(call, size, word);
  call.code.i32(0);
  call.code.op(OP.i32_ne);
  pushIsZero(call.code, size, local);
  call.code.op(OP.i32_or);
}

/** Pushes whether a result is finite and not below the `least` binade of normal numbers, 1 being the first. */
function pushIsNormal(code: WasmCode, { type, exponent, unit }: Size, local: number, least: number): void {
  code.get(local);
  if (type === F32) code.op(OP.i32_reinterpret_f32);
  else {
    code.op(OP.i64_reinterpret_f64);
    code.i64(32, 0);
    code.op(OP.i64_shr_u);
    code.op(OP.i32_wrap_i64);
  }
  code.i32(exponent);
  code.op(OP.i32_and);
  code.i32(least * unit);
  code.op(OP.i32_sub);
  code.i32(exponent - least * unit);
  code.op(OP.i32_lt_u);
}

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
      code.brIf(1);
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

/** Any integer of 53 bits, as those of 32 are; larger ones may be rounded where PE is settled. */
function fromInteger(call: InlineCall): void {
  const { code, frame, inst, ir } = call;
  const d = knownArgument(call, 0)!;
  const value = ir.insts[inst.args[1] as number]!;
  const store = (push: () => void, convert: number): void => {
    code.i32(0);
    push();
    code.op(convert);
    code.memory(MEMORY.f64_store, call.frame.stateOffset(d));
  };
  if (value.op === 'pure' && value.name === 'sext64') {
    return store(() => call.push(1), OP.f64_convert_i64_s);
  }
  orHelper(call, (slow) => {
    const local = frame.borrow(I64);
    call.push(1);
    code.tee(local);
    code.i64(0, 0x200000);
    code.op(OP.i64_add);
    code.i64(0, 0x400000);
    code.op(OP.i64_gt_u);
    pushUnsettled(call);
    code.op(OP.i32_and);
    slow();
    store(() => code.get(local), OP.f64_convert_i64_s);
  });
}

/** Rounding control has no say in it. A whole number raises nothing, another one PE. */
function truncation(call: InlineCall): void {
  const { code, frame, inst, result } = call;
  const s = knownArgument(call, 0)!;
  const wide = inst.type === 'i64';
  if (knownArgument(call, 1) !== (wide ? 64 : 32)) throw new Error('a conversion to an integer of another size');
  const [low, high] = wide ? [-(2 ** 63), 2 ** 63] : [-2147483649, 2147483648];
  orHelper(call, (slow) => {
    const x = loaded(call, DOUBLE, s);
    const exact = frame.borrow(I32);
    code.get(x);
    code.truncSat(wide ? TRUNC_SAT.i64_f64_s : TRUNC_SAT.i32_f64_s);
    code.tee(result);
    code.op(wide ? OP.f64_convert_i64_s : OP.f64_convert_i32_s);
    code.get(x);
    code.op(OP.f64_eq);
    code.set(exact);
    // Denormals are not exact unless DAZ is set.
    frame.loadState(code, W.mxcsr);
    code.i32(SETTLED);
    code.op(OP.i32_and);
    code.i32(SETTLED);
    code.op(OP.i32_eq);
    pushExponent(call, DOUBLE, s);
    code.i32(0);
    code.op(OP.i32_ne);
    code.op(OP.i32_and);
    code.get(exact);
    code.op(OP.i32_or);
    code.get(x);
    code.f64(low);
    code.op(wide ? OP.f64_ge : OP.f64_gt);
    code.op(OP.i32_and);
    code.get(x);
    code.f64(high);
    code.op(OP.f64_lt);
    code.op(OP.i32_and);
    code.op(OP.i32_eqz);
    slow();
  });
}
