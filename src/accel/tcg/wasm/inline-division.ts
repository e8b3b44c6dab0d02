import { W } from '../../../cpu/state.ts';
import { I32, I64, MEMORY, OP } from './code.ts';
import type { InlineCall } from './inline-call.ts';

/**
 * DIV and IDIV of 32 and 64 bits by the host's instructions, where those give a quotient and do not trap: a divisor is
 * never 0, nor -1 where it is signed. All else is the helper's (cpu/helpers/arithmetic.ts), #DE first of all.
 */
export const DIVISIONS: Readonly<Record<string, (call: InlineCall) => void>> = {
  div32: unsigned32,
  idiv32: signed32,
  div64: (call) => by64(call, false),
  idiv64: (call) => by64(call, true),
};

/** The upper half of most dividends is 0; others are divided as 64-bit numbers, the quotient fits below the divisor. */
function unsigned32(call: InlineCall): void {
  const { code, frame } = call;
  const [high, divisor] = [frame.borrow(I32), frame.borrow(I32)];
  call.push(1);
  code.set(high);
  call.push(2);
  code.set(divisor);
  code.get(high);
  code.op(OP.i32_eqz);
  code.get(divisor);
  code.i32(0);
  code.op(OP.i32_ne);
  code.op(OP.i32_and);
  code.if();
  narrow(call, divisor, OP.i32_div_u);
  code.op(OP.else);
  code.get(high);
  code.get(divisor);
  code.op(OP.i32_lt_u);
  code.if();
  const dividend = pushDividend(call, high);
  code.get(divisor);
  code.op(OP.i64_extend_i32_u);
  code.op(OP.i64_div_u);
  code.set(call.result);
  finishWide(call, dividend, divisor);
  code.op(OP.else);
  call.helper();
  code.op(OP.end);
  code.op(OP.end);
}

function signed32(call: InlineCall): void {
  const { code, frame, result } = call;
  const [high, divisor, harmless] = [frame.borrow(I32), frame.borrow(I32), frame.borrow(I32)];
  call.push(1);
  code.set(high);
  call.push(2);
  code.tee(divisor);
  code.i32(1);
  code.op(OP.i32_add);
  code.i32(1);
  code.op(OP.i32_gt_u);
  code.tee(harmless);
  call.push(0);
  code.i32(31);
  code.op(OP.i32_shr_s);
  code.get(high);
  code.op(OP.i32_eq);
  code.op(OP.i32_and);
  code.if();
  narrow(call, divisor, OP.i32_div_s);
  code.op(OP.else);
  const dividend = pushDividend(call, high);
  code.get(divisor);
  code.op(OP.i64_extend_i32_s);
  code.i64(1, 0);
  code.get(harmless);
  code.op(OP.select);
  code.op(OP.i64_div_s);
  code.tee(result);
  code.get(result);
  code.op(OP.i64_extend32_s);
  code.op(OP.i64_eq);
  code.get(harmless);
  code.op(OP.i32_and);
  code.if();
  finishWide(call, dividend, divisor);
  code.op(OP.else);
  call.helper();
  code.op(OP.end);
  code.op(OP.end);
}

/** Quotient and remainder of a dividend that is its lower half. */
function narrow({ code, frame, result, push }: InlineCall, divisor: number, divide: number): void {
  const quotient = frame.borrow(I32);
  push(0);
  push(0);
  code.get(divisor);
  code.op(divide);
  code.tee(quotient);
  code.get(divisor);
  code.op(OP.i32_mul);
  code.op(OP.i32_sub);
  code.op(OP.i64_extend_i32_u);
  code.i64(32, 0);
  code.op(OP.i64_shl);
  code.get(quotient);
  code.op(OP.i64_extend_i32_u);
  code.op(OP.i64_or);
  code.set(result);
}

/** Pushes the dividend, and gives the local that it is in. */
function pushDividend({ code, frame, push }: InlineCall, high: number): number {
  const dividend = frame.borrow(I64);
  code.get(high);
  code.op(OP.i64_extend_i32_u);
  code.i64(32, 0);
  code.op(OP.i64_shl);
  push(0);
  code.op(OP.i64_extend_i32_u);
  code.op(OP.i64_or);
  code.tee(dividend);
  return dividend;
}

/** The result holds a quotient that fits: the remainder goes to its upper half. */
function finishWide({ code, result }: InlineCall, dividend: number, divisor: number): void {
  code.get(dividend);
  code.op(OP.i32_wrap_i64);
  code.get(result);
  code.op(OP.i32_wrap_i64);
  code.get(divisor);
  code.op(OP.i32_mul);
  code.op(OP.i32_sub);
  code.op(OP.i64_extend_i32_u);
  code.i64(32, 0);
  code.op(OP.i64_shl);
  code.get(result);
  code.i64(-1, 0);
  code.op(OP.i64_and);
  code.op(OP.i64_or);
  code.set(result);
}

/** Where the dividend is its lower half, sign-extended or with zeros above; the remainder goes to scratch words 0-1. */
function by64({ code, frame, result, push, helper }: InlineCall, signed: boolean): void {
  const [dividend, divisor] = [frame.borrow(I64), frame.borrow(I64)];
  push(0);
  code.set(dividend);
  push(2);
  code.set(divisor);
  push(1);
  if (signed) {
    code.get(dividend);
    code.i64(63, 0);
    code.op(OP.i64_shr_s);
    code.op(OP.i64_eq);
    code.get(divisor);
    code.i64(1, 0);
    code.op(OP.i64_add);
    code.i64(1, 0);
    code.op(OP.i64_gt_u);
  } else {
    code.op(OP.i64_eqz);
    code.get(divisor);
    code.i64(0, 0);
    code.op(OP.i64_ne);
  }
  code.op(OP.i32_and);
  code.if();
  code.i32(0);
  code.get(dividend);
  code.get(dividend);
  code.get(divisor);
  code.op(signed ? OP.i64_div_s : OP.i64_div_u);
  code.tee(result);
  code.get(divisor);
  code.op(OP.i64_mul);
  code.op(OP.i64_sub);
  code.memory(MEMORY.i64_store, frame.layout.state + 4 * W.scratch);
  code.op(OP.else);
  helper();
  code.op(OP.end);
}
