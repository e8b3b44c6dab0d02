import { W } from '../../../cpu/state.ts';
import { F32, I32, I64, MEMORY, OP, TRUNC_SAT } from './code.ts';
import {
  DOUBLE,
  loaded,
  orHelper,
  pushExponent,
  pushIsNormal,
  pushIsZero,
  pushNoDenormal,
  pushUnsettled,
  SETTLED,
  SINGLE,
} from './float-parts.ts';
import { type InlineCall, knownArgument } from './inline-call.ts';

/** As FLOATS of inline-float.ts: conversions of SSE2. */
export const CONVERSIONS: Readonly<Record<string, (call: InlineCall) => void>> = {
  cvtss2sd: widening,
  cvtsd2ss: narrowing,
  cvtsi2sd: fromInteger,
  cvttsd2si: truncation,
};

/** Exact but for NaNs and denormals. */
function widening(call: InlineCall): void {
  const { code, frame } = call;
  const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
  orHelper(call, (slow) => {
    const x = loaded(call, SINGLE, s);
    pushNoDenormal(call, SINGLE, s, x);
    code.get(x);
    code.get(x);
    code.op(OP.f32_eq);
    code.op(OP.i32_and);
    code.op(OP.i32_eqz);
    slow();
    code.i32(0);
    code.get(x);
    code.op(OP.f64_promote_f32);
    code.memory(MEMORY.f64_store, frame.stateOffset(d));
  });
}

/** As a product: what becomes neither normal nor zero of a zero is the helper's. */
function narrowing(call: InlineCall): void {
  const { code, frame } = call;
  const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
  orHelper(call, (slow) => {
    const x = loaded(call, DOUBLE, s);
    const r = frame.borrow(F32);
    code.get(x);
    code.op(OP.f32_demote_f64);
    code.set(r);
    pushUnsettled(call);
    pushIsNormal(code, SINGLE, r, 2);
    pushIsZero(code, DOUBLE, x);
    code.op(OP.i32_or);
    code.op(OP.i32_eqz);
    code.op(OP.i32_or);
    slow();
    code.i32(0);
    code.get(r);
    code.memory(MEMORY.f32_store, frame.stateOffset(d));
  });
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
