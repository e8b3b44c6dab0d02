import type { PureName } from '../../../cpu/ir/ops.ts';
import { OP, type WasmCode } from './code.ts';

/** What pushes an operation's arguments: the nth of them, in its own type. */
type Push = (n: number) => void;
type Print = (code: WasmCode, push: Push) => void;

/** Both arguments, then instructions. */
const plain =
  (count: number, ...ops: number[]): Print =>
  (code, push) => {
    for (let n = 0; n < count; n++) push(n);
    for (const op of ops) code.op(op);
  };

/** Counts of 64-bit shifts are i32 in the IR; both take them modulo the size. */
const shift = (op: number): Print => plain(2, OP.i64_extend_i32_u, op);

const constantFirst =
  (value: number, op: number): Print =>
  (code, push) => {
    code.i32(value);
    push(0);
    code.op(op);
  };

/** The product of two 32-bit numbers, its upper half. */
const highProduct =
  (extend: number): Print =>
  (code, push) => {
    push(0);
    code.op(extend);
    push(1);
    code.op(extend);
    code.op(OP.i64_mul);
    code.i64(32, 0);
    code.op(OP.i64_shr_u);
    code.op(OP.i32_wrap_i64);
  };

/** A sum or difference, and the carry or borrow of 0 or 1 on top. */
const withCarry =
  (op: number): Print =>
  (code, push) => {
    push(0);
    push(1);
    code.op(op);
    push(2);
    code.op(OP.i64_extend_i32_u);
    code.op(op);
  };

/** The pure operations of the IR, as ops.ts defines them. */
export const PURE: Readonly<Record<PureName, Print>> = {
  add: plain(2, OP.i32_add),
  sub: plain(2, OP.i32_sub),
  mul: plain(2, OP.i32_mul),
  and: plain(2, OP.i32_and),
  or: plain(2, OP.i32_or),
  xor: plain(2, OP.i32_xor),
  not: constantFirst(-1, OP.i32_xor),
  neg: constantFirst(0, OP.i32_sub),
  shl: plain(2, OP.i32_shl),
  shr: plain(2, OP.i32_shr_u),
  sar: plain(2, OP.i32_shr_s),
  eq: plain(2, OP.i32_eq),
  ne: plain(2, OP.i32_ne),
  ltu: plain(2, OP.i32_lt_u),
  lts: plain(2, OP.i32_lt_s),
  sext8: plain(1, OP.i32_extend8_s),
  sext16: plain(1, OP.i32_extend16_s),
  clz: plain(1, OP.i32_clz),
  ctz: plain(1, OP.i32_ctz),
  popcnt: plain(1, OP.i32_popcnt),
  /** Bytes 0 and 2, and bytes 1 and 3, each turned to its place. */
  bswap: (code, push) => {
    for (const [mask, count] of [
      [0x00ff00ff, 24],
      [0xff00ff00, 8],
    ] as const) {
      push(0);
      code.i32(mask);
      code.op(OP.i32_and);
      code.i32(count);
      code.op(OP.i32_rotl);
    }
    code.op(OP.i32_or);
  },
  mulhu: highProduct(OP.i64_extend_i32_u),
  mulhs: highProduct(OP.i64_extend_i32_s),
  select: (code, push) => {
    push(1);
    push(2);
    push(0);
    code.op(OP.select);
  },
  add64: plain(2, OP.i64_add),
  sub64: plain(2, OP.i64_sub),
  adc64: withCarry(OP.i64_add),
  sbb64: withCarry(OP.i64_sub),
  mul64: plain(2, OP.i64_mul),
  and64: plain(2, OP.i64_and),
  or64: plain(2, OP.i64_or),
  xor64: plain(2, OP.i64_xor),
  shl64: shift(OP.i64_shl),
  shr64: shift(OP.i64_shr_u),
  sar64: shift(OP.i64_shr_s),
  rol64: shift(OP.i64_rotl),
  eq64: plain(2, OP.i64_eq),
  ltu64: plain(2, OP.i64_lt_u),
  lts64: plain(2, OP.i64_lt_s),
  clz64: plain(1, OP.i64_clz, OP.i32_wrap_i64),
  ctz64: plain(1, OP.i64_ctz, OP.i32_wrap_i64),
  popcnt64: plain(1, OP.i64_popcnt, OP.i32_wrap_i64),
  select64: (code, push) => {
    push(1);
    push(2);
    push(0);
    code.op(OP.select);
  },
  lo: plain(1, OP.i32_wrap_i64),
  hi: (code, push) => {
    push(0);
    code.i64(32, 0);
    code.op(OP.i64_shr_u);
    code.op(OP.i32_wrap_i64);
  },
  pair: (code, push) => {
    push(0);
    code.op(OP.i64_extend_i32_u);
    push(1);
    code.op(OP.i64_extend_i32_u);
    code.i64(32, 0);
    code.op(OP.i64_shl);
    code.op(OP.i64_or);
  },
  zext64: plain(1, OP.i64_extend_i32_u),
  sext64: plain(1, OP.i64_extend_i32_s),
};
