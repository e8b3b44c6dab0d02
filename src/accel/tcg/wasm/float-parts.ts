import { W } from '../../../cpu/state.ts';
import { F32, F64, HINT, MEMORY, OP, type WasmCode } from './code.ts';
import type { InlineCall } from './inline-call.ts';

/** RC, FTZ, DAZ, the mask of PE, and PE. */
const CONTROL = 0xf060;
/** Rounding to nearest, no FTZ and DAZ; PE is masked and set. */
export const SETTLED = 0x1020;

/** One of the two sizes of numbers, as instructions for it. */
export interface Size {
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

export const SINGLE: Size = {
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
export const DOUBLE: Size = {
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

/** Code in a block: what leads to the helper leaves it by `slow`. */
export function orHelper({ code, helper }: InlineCall, print: (slow: (depth?: number) => void) => void): void {
  code.block();
  code.block();
  print((depth = 0) => code.brIf(depth, HINT.UNLIKELY));
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
export function loaded(call: InlineCall, size: Size, word: number): number {
  const { code, frame } = call;
  const local = frame.borrow(size.type);
  code.i32(0);
  code.memory(size.load, call.frame.stateOffset(word));
  code.set(local);
  return local;
}

/** Pushes the exponent of a number of the state, in its place; 0 for zeros and denormals. */
export function pushExponent({ code, frame }: InlineCall, { top, exponent }: Size, word: number): void {
  frame.loadState(code, word + top);
  code.i32(exponent);
  code.op(OP.i32_and);
}

export function pushIsZero(code: WasmCode, { type, eq }: Size, local: number): void {
  code.get(local);
  if (type === F64) code.f64(0);
  else code.f32(0);
  code.op(eq);
}

/** Pushes whether a number of the state is no denormal. */
export function pushNoDenormal(call: InlineCall, size: Size, word: number, local: number): void {
  pushExponent(call, size, word);
  call.code.i32(0);
  call.code.op(OP.i32_ne);
  pushIsZero(call.code, size, local);
  call.code.op(OP.i32_or);
}

/** Pushes whether a result is finite and not below the `least` binade of normal numbers, 1 being the first. */
export function pushIsNormal(code: WasmCode, { type, exponent, unit }: Size, local: number, least: number): void {
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
