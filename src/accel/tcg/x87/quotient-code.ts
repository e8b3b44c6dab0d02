import { type Code, type Definition, i32, i64, type Local, op, when } from '../wasm/expressions.ts';
import { type Numbers, SIGN } from './number-code.ts';

const BIAS = 16383;
const LOW_WORD = 0xffffffffn;

/** FDIV: two digits of 32 bits, each estimated from the divisor's high word (D. E. Knuth, TAOCP 2, 4.3.1, algorithm D). */
export function quotient({ load, exponentOf, needNormal, write }: Numbers): Definition {
  return {
    params: 3,
    body(frame) {
      const [d, first, second] = frame.params as [Local, Local, Local];
      const { operand: a, code: loadA } = load(frame, first);
      const { operand: b, code: loadB } = load(frame, second);
      const [top, next, high, low, digit, rest, m] = Array.from({ length: 7 }, () => frame.i64()) as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const [exp, up] = [frame.i32(), frame.i32()];
      /** The estimate is at most 2 too large. */
      const correct = (word: Code): Code =>
        when(
          op.i32_and(
            op.i64_eqz(op.i64_shr_u(rest.get, i64(32n))),
            op.i32_or(
              op.i64_ne(op.i64_shr_u(digit.get, i64(32n)), i64(0n)),
              op.i64_gt_u(op.i64_mul(digit.get, low.get), op.i64_or(op.i64_shl(rest.get, i64(32n)), word)),
            ),
          ),
          [digit.set(op.i64_sub(digit.get, i64(1n))), rest.set(op.i64_add(rest.get, high.get))],
        );
      /** `top` becomes the remainder of `top` and a further word. */
      const step = (word: Code): Code => [
        digit.set(op.i64_div_u(top.get, high.get)),
        rest.set(op.i64_sub(top.get, op.i64_mul(digit.get, high.get))),
        correct(word),
        correct(word),
        top.set(op.i64_sub(op.i64_add(op.i64_shl(top.get, i64(32n)), word), op.i64_mul(digit.get, b.m.get))),
      ];
      return [
        loadA,
        loadB,
        needNormal(a, b, []),
        exp.set(op.i32_add(op.i32_sub(exponentOf(a), exponentOf(b)), i32(BIAS))),
        // The dividend's 128 bits are chosen so that the quotient has exactly 64.
        when(
          op.i64_ge_u(a.m.get, b.m.get),
          [top.set(op.i64_shr_u(a.m.get, i64(1n))), next.set(op.i64_shl(op.i64_and(a.m.get, i64(1n)), i64(31n)))],
          [top.set(a.m.get), next.set(i64(0n)), exp.set(op.i32_sub(exp.get, i32(1)))],
        ),
        [high.set(op.i64_shr_u(b.m.get, i64(32n))), low.set(op.i64_and(b.m.get, i64(LOW_WORD)))],
        step(next.get),
        m.set(op.i64_shl(digit.get, i64(32n))),
        step(i64(0n)),
        m.set(op.i64_or(m.get, digit.get)),
        // Twice the remainder against the divisor; a quotient of 64 bits is never exactly between two.
        up.set(op.i64_gt_u(top.get, op.i64_sub(b.m.get, top.get))),
        write(d, m, exp, op.i32_and(op.i32_xor(a.se.get, b.se.get), i32(SIGN)), up, op.i64_ne(top.get, i64(0n))),
      ];
    },
  };
}
