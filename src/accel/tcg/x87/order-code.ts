import { type Code, type Definition, i32, type Local, leave, op, select, when } from '../wasm/expressions.ts';
import { type Numbers, SIGN } from './number-code.ts';

/** As NOT_DONE of x87-quick.ts. */
const UNKNOWN = -2;

/** -1, 0 or 1 as the first operand is less than, equal to or greater than the second; both may be zero. */
export function order({ load, exponentOf, isNumber }: Numbers): Definition {
  return {
    params: 2,
    body(frame) {
      const [first, second] = frame.params as [Local, Local];
      const { operand: a, code: loadA } = load(frame, first);
      const { operand: b, code: loadB } = load(frame, second);
      const [negative, distance] = [frame.i32(), frame.i32()];
      const signed = (less: Code): Code => leave(select(op.i32_xor(less, negative.get), i32(-1), i32(1)));
      return [
        loadA,
        loadB,
        when(op.i32_eqz(op.i32_and(isNumber(a), isNumber(b))), leave(i32(UNKNOWN))),
        negative.set(op.i32_ne(op.i32_and(a.se.get, i32(SIGN)), i32(0))),
        when(op.i32_and(op.i32_xor(a.se.get, b.se.get), i32(SIGN)), [
          when(op.i64_eqz(op.i64_or(a.m.get, b.m.get)), leave(i32(0))),
          signed(i32(0)),
        ]),
        distance.set(op.i32_sub(exponentOf(a), exponentOf(b))),
        when(distance.get, signed(op.i32_lt_s(distance.get, i32(0)))),
        when(op.i64_eq(a.m.get, b.m.get), leave(i32(0))),
        signed(op.i64_lt_u(a.m.get, b.m.get)),
        i32(0),
      ];
    },
  };
}
