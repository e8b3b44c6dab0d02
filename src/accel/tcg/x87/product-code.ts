import { type Code, type Definition, i32, i64, type Local, op, when } from '../wasm/expressions.ts';
import { type Numbers, SIGN } from './number-code.ts';

const BIAS = 16383;
const LOW_WORD = 0xffffffffn;

/** FMUL. */
export function product({ load, exponentOf, needNormal, exact, round }: Numbers): Definition {
  return {
    params: 3,
    body(frame) {
      const [d, first, second] = frame.params as [Local, Local, Local];
      const { operand: a, code: loadA } = load(frame, first);
      const { operand: b, code: loadB } = load(frame, second);
      const [lowA, lowB, cross, other, middle, m, rest] = Array.from({ length: 7 }, () => frame.i64()) as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const exp = frame.i32();
      const low = ({ get }: Local): Code => op.i64_and(get, i64(LOW_WORD));
      const high = ({ get }: Local): Code => op.i64_shr_u(get, i64(32n));
      return [
        loadA,
        loadB,
        needNormal(a, b, exact(d, i64(0n), op.i32_and(op.i32_xor(a.se.get, b.se.get), i32(SIGN)))),
        [lowA.set(low(a.m)), lowB.set(low(b.m)), a.m.set(high(a.m)), b.m.set(high(b.m))],
        rest.set(op.i64_mul(lowA.get, lowB.get)),
        cross.set(op.i64_mul(lowA.get, b.m.get)),
        other.set(op.i64_mul(a.m.get, lowB.get)),
        middle.set(op.i64_add(op.i64_add(high(rest), low(cross)), low(other))),
        m.set(op.i64_add(op.i64_add(op.i64_mul(a.m.get, b.m.get), high(cross)), op.i64_add(high(other), high(middle)))),
        rest.set(op.i64_or(op.i64_shl(middle.get, i64(32n)), low(rest))),
        exp.set(op.i32_sub(op.i32_add(exponentOf(a), exponentOf(b)), i32(BIAS))),
        when(op.i64_lt_s(m.get, i64(0n)), exp.set(op.i32_add(exp.get, i32(1))), [
          m.set(op.i64_or(op.i64_shl(m.get, i64(1n)), op.i64_shr_u(rest.get, i64(63n)))),
          rest.set(op.i64_shl(rest.get, i64(1n))),
        ]),
        round(frame, d, m, rest, exp, op.i32_and(op.i32_xor(a.se.get, b.se.get), i32(SIGN))),
      ];
    },
  };
}
