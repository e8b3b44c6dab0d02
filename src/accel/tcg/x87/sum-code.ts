import { type Definition, i32, i64, type Local, op, select, when } from '../wasm/expressions.ts';
import { LEAST, type Numbers, SIGN } from './number-code.ts';

/** FADD and, with the second operand's sign turned by `negate`, FSUB. */
export function sum({ load, exponentOf, needNormal, exact, round }: Numbers, negate: 0 | typeof SIGN): Definition {
  return {
    params: 3,
    body(frame) {
      const [d, first, second] = frame.params as [Local, Local, Local];
      const { operand: a, code: loadA } = load(frame, first);
      const { operand: b, code: loadB } = load(frame, second);
      const [distance, exp, se] = [frame.i32(), frame.i32(), frame.i32()];
      const [m, rest, n] = [frame.i64(), frame.i64(), frame.i64()];
      const aside = frame.i64();
      const wide = op.i64_extend_i32_u(distance.get);
      return [
        loadA,
        loadB,
        negate === 0 ? [] : b.se.set(op.i32_xor(b.se.get, i32(SIGN))),
        needNormal(
          a,
          b,
          when(
            op.i64_eqz(op.i64_or(a.m.get, b.m.get)),
            // Of zeros with different signs the sum is +0.
            exact(d, i64(0n), op.i32_and(a.se.get, b.se.get)),
            [when(op.i64_eqz(a.m.get), exact(d, b.m.get, b.se.get)), exact(d, a.m.get, a.se.get)],
          ),
        ),
        distance.set(op.i32_sub(exponentOf(a), exponentOf(b))),
        // The greater magnitude becomes `a`.
        when(
          op.i32_or(
            op.i32_lt_s(distance.get, i32(0)),
            op.i32_and(op.i32_eqz(distance.get), op.i64_lt_u(a.m.get, b.m.get)),
          ),
          [
            [aside.set(a.m.get), a.m.set(b.m.get), b.m.set(aside.get)],
            [se.set(a.se.get), a.se.set(b.se.get), b.se.set(se.get)],
            distance.set(op.i32_sub(i32(0), distance.get)),
          ],
        ),
        exp.set(exponentOf(a)),
        se.set(op.i32_and(a.se.get, i32(SIGN))),
        when(
          op.i32_lt_s(distance.get, i32(64)),
          [
            // A shift by 64 is one by 0.
            rest.set(select(op.i32_eqz(distance.get), i64(0n), op.i64_shl(b.m.get, op.i64_sub(i64(64n), wide)))),
            b.m.set(op.i64_shr_u(b.m.get, wide)),
          ],
          [
            // Behind the integer bit's place, where any rest rounds alike: a half is not reached.
            rest.set(
              select(
                op.i32_eq(distance.get, i32(64)),
                b.m.get,
                select(
                  op.i32_eq(distance.get, i32(65)),
                  op.i64_or(op.i64_shr_u(b.m.get, i64(1n)), op.i64_and(b.m.get, i64(1n))),
                  i64(1n),
                ),
              ),
            ),
            b.m.set(i64(0n)),
          ],
        ),
        when(
          op.i32_and(op.i32_xor(a.se.get, b.se.get), i32(SIGN)),
          [
            m.set(op.i64_sub(op.i64_sub(a.m.get, b.m.get), op.i64_extend_i32_u(op.i64_ne(rest.get, i64(0n))))),
            rest.set(op.i64_sub(i64(0n), rest.get)),
            when(op.i64_ge_s(m.get, i64(0n)), [
              when(op.i64_eqz(m.get), [
                when(op.i64_eqz(rest.get), [exact(d, i64(0n), i32(0))]),
                m.set(rest.get),
                rest.set(i64(0n)),
                exp.set(op.i32_sub(exp.get, i32(64))),
              ]),
              n.set(op.i64_clz(m.get)),
              // Shifted in two steps, for a distance of 64 is one of 0.
              m.set(
                op.i64_or(
                  op.i64_shl(m.get, n.get),
                  op.i64_shr_u(op.i64_shr_u(rest.get, i64(1n)), op.i64_sub(i64(63n), n.get)),
                ),
              ),
              rest.set(op.i64_shl(rest.get, n.get)),
              exp.set(op.i32_sub(exp.get, op.i32_wrap_i64(n.get))),
            ]),
          ],
          [
            m.set(op.i64_add(a.m.get, b.m.get)),
            when(op.i64_lt_u(m.get, b.m.get), [
              rest.set(
                op.i64_or(
                  op.i64_shl(m.get, i64(63n)),
                  op.i64_or(op.i64_shr_u(rest.get, i64(1n)), op.i64_and(rest.get, i64(1n))),
                ),
              ),
              m.set(op.i64_or(op.i64_shr_u(m.get, i64(1n)), i64(LEAST))),
              exp.set(op.i32_add(exp.get, i32(1))),
            ]),
          ],
        ),
        round(frame, d, m, rest, exp, se.get),
      ];
    },
  };
}
