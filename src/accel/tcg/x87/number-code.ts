import { C1 } from '../../../cpu/softfloat/status.ts';
import { W } from '../../../cpu/state.ts';
import { type Code, type Frame, i32, i64, type Local, leave, memory, op, when } from '../wasm/expressions.ts';

export const SIGN = 0x8000;
const EXPONENT = 0x7fff;
export const LEAST = -(1n << 63n);
const PE_SHIFT = 5;
const C1_SHIFT = 9;
/** What functions return: that they did nothing, and that they did all. */
const NOT_DONE = leave(i32(0));
const DONE = i32(1);

/** An operand: significand, and sign and exponent. */
export interface Operand {
  readonly m: Local;
  readonly se: Local;
}

export type Numbers = ReturnType<typeof numbers>;

/**
 * What the x87's operations have in common as WebAssembly: operands are loaded and tested, results rounded to nearest
 * with 64 bits of precision and written, with PE and C1 in FSW. Registers are named by their first state words.
 *
 * @param state address of the CPU state
 */
export function numbers(state: number) {
  const at = (word: Local): Code => op.i32_shl(word.get, i32(2));

  /** In halves: they may have been written as such, and a wider load would wait until they have left the CPU's store queue. */
  const load = (frame: Frame, word: Local): { operand: Operand; code: Code } => {
    const operand = { m: frame.i64(), se: frame.i32() };
    const code = [
      operand.m.set(
        op.i64_or(memory.i64_load32_u(state, at(word)), op.i64_shl(memory.i64_load32_u(state + 4, at(word)), i64(32n))),
      ),
      operand.se.set(memory.i32_load(state + 8, at(word))),
    ];
    return { operand, code };
  };

  const exponentOf = ({ se }: Operand): Code => op.i32_and(se.get, i32(EXPONENT));
  /** Neither zero nor denormal nor infinite nor a NaN, given that the integer bit is set. */
  const hasExponent = ({ se }: Operand): Code =>
    op.i32_gt_s(op.i32_and(op.i32_add(se.get, i32(1)), i32(EXPONENT)), i32(1));
  const isZero = (x: Operand): Code => op.i32_and(op.i64_eqz(x.m.get), op.i32_eqz(exponentOf(x)));
  const isNormal = (x: Operand): Code => op.i32_and(op.i64_lt_s(x.m.get, i64(0n)), hasExponent(x));
  const isNumber = (x: Operand): Code => op.i32_or(isNormal(x), isZero(x));
  /** Goes on with normal operands; `zeros` is for zeros among numbers. */
  const needNormal = (a: Operand, b: Operand, zeros: Code): Code =>
    when(
      op.i32_eqz(
        op.i32_and(op.i32_and(hasExponent(a), hasExponent(b)), op.i64_lt_s(op.i64_and(a.m.get, b.m.get), i64(0n))),
      ),
      [when(op.i32_and(isNumber(a), isNumber(b)), zeros), NOT_DONE],
    );

  const setStatus = (bits: Code): Code =>
    memory.i32_store(
      state + 4 * W.fsw,
      i32(0),
      op.i32_or(op.i32_and(memory.i32_load(state + 4 * W.fsw, i32(0)), i32(~C1)), bits),
    );

  /** Writes an exact result, and ends the function. */
  const exact = (d: Local, m: Code, se: Code): Code => [
    memory.i64_store(state, at(d), m),
    memory.i32_store(state + 8, at(d), se),
    setStatus(i32(0)),
    leave(DONE),
  ];

  /** Rounds up where `up` is 1, writes, and ends the function; `inexact` says whether anything was cut off. */
  const write = (d: Local, m: Local, exp: Local, sign: Code, up: Local, inexact: Code): Code => [
    when(op.i32_gt_u(op.i32_sub(exp.get, i32(1)), i32(0x7ffc)), NOT_DONE),
    m.set(op.i64_add(m.get, op.i64_extend_i32_u(up.get))),
    when(op.i64_eqz(m.get), [m.set(i64(LEAST)), exp.set(op.i32_add(exp.get, i32(1)))]),
    memory.i64_store(state, at(d), m.get),
    memory.i32_store(state + 8, at(d), op.i32_or(exp.get, sign)),
    setStatus(op.i32_or(op.i32_shl(inexact, i32(PE_SHIFT)), op.i32_shl(up.get, i32(C1_SHIFT)))),
    DONE,
  ];

  /** As `write`, of a significand with 64 bits behind it, of which the last stands for all that is lost. */
  const round = (frame: Frame, d: Local, m: Local, rest: Local, exp: Local, sign: Code): Code => {
    const up = frame.i32();
    return [
      up.set(
        op.i32_and(
          op.i64_lt_s(rest.get, i64(0n)),
          op.i32_or(op.i64_ne(rest.get, i64(LEAST)), op.i32_wrap_i64(op.i64_and(m.get, i64(1n)))),
        ),
      ),
      write(d, m, exp, sign, up, op.i64_ne(rest.get, i64(0n))),
    ];
  };

  return { load, exponentOf, isNumber, needNormal, exact, write, round };
}
