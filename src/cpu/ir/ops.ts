/**
 * The pure operations of the IR: one row each, two columns. `eval` is what the reference evaluator and
 * constant folding run, on numbers (32-bit types) and BigInts (64-bit types). `js` is the text that the
 * printed interpreter and emitted code contain, where a 64-bit value is a pair of int32 names.
 */
export type IrType = 'i32' | 'i64';
type Scalar = number | bigint;
/** Text of an operand: one int32 expression, or the names of both halves. */
interface Text {
  readonly l: string;
  readonly h: string;
}

export interface PureOp {
  readonly args: readonly IrType[];
  readonly type: IrType;
  readonly eval: (...args: never[]) => Scalar;
  /** `out` names the result's halves: a high half may use the low one, which is computed first. */
  readonly js: (out: Text, ...args: Text[]) => readonly [low: string, high?: string];
}

const bit = (condition: boolean): number => (condition ? 1 : 0);
const SCALE = 2 ** -32;
/**
 * Text for a number's 32 bits without sign, as a double. V8 takes `>>> 0` that only gave small numbers so far for one
 * that always will, and throws the code away when it does not; a shift by 32, which is the same, it does not guess at.
 */
export const unsignedText = (x: string): string => `(${x} >>> 32)`;
/** V8 makes a branch of `? 1 : 0`, which a carry's likelihood is bad for, and a number of the comparison of this. */
const bitText = (condition: string): string => `(${condition} | 0)`;
/**
 * High half of an unsigned product whose low half is known: with that subtracted, the product is a multiple of 2^32
 * but for the rounding of doubles, which is less than 2^12. Scaled first, no factor is an integer for V8, which would
 * speculate on small ones.
 */
const highProduct = (a: string, b: string, low: string): string =>
  `(${unsignedText(a)} * ${SCALE} * ${unsignedText(b)} - ${unsignedText(low)} * ${SCALE} + 0.5 | 0)`;
const highSigned = (a: string, b: string): string =>
  `(${a} * ${SCALE} * ${b} - ${unsignedText(`Math.imul(${a}, ${b})`)} * ${SCALE} + ${2 ** 32 + 0.5} | 0)`;

const s64 = (x: bigint): bigint => BigInt.asIntN(64, x);
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const low = (x: bigint): number => Number(BigInt.asIntN(32, x));

function bin32(evaluate: (a: number, b: number) => number, js: (a: string, b: string) => string): PureOp {
  return { args: ['i32', 'i32'], type: 'i32', eval: evaluate, js: (_, a, b) => [js(a!.l, b!.l)] };
}
function un32(evaluate: (a: number) => number, js: (a: string) => string): PureOp {
  return { args: ['i32'], type: 'i32', eval: evaluate, js: (_, a) => [js(a!.l)] };
}
function bin64(
  evaluate: (a: bigint, b: bigint) => bigint,
  js: (a: Text, b: Text, out: Text) => readonly [string, string],
): PureOp {
  return {
    args: ['i64', 'i64'],
    type: 'i64',
    eval: (a: bigint, b: bigint) => u64(evaluate(a, b)),
    js: (out, a, b) => js(a!, b!, out),
  };
}
function compare64(evaluate: (a: bigint, b: bigint) => boolean, js: (a: Text, b: Text) => string): PureOp {
  return {
    args: ['i64', 'i64'],
    type: 'i32',
    eval: (a: bigint, b: bigint) => bit(evaluate(a, b)),
    js: (_, a, b) => [js(a!, b!)],
  };
}
function carry64(
  evaluate: (a: bigint, b: bigint, carry: bigint) => bigint,
  js: (a: Text, b: Text, carry: string, out: Text) => readonly [string, string],
): PureOp {
  return {
    args: ['i64', 'i64', 'i32'],
    type: 'i64',
    eval: (a: bigint, b: bigint, carry: number) => u64(evaluate(a, b, BigInt(carry))),
    js: (out, a, b, carry) => js(a!, b!, carry!.l, out),
  };
}
/** No branches: a count is as likely to be large as small, and the host would guess wrong. */
function shift64(
  evaluate: (a: bigint, n: bigint) => bigint,
  js: (a: Text, n: string, far: string) => readonly [string, string],
): PureOp {
  return {
    args: ['i64', 'i32'],
    type: 'i64',
    eval: (a: bigint, n: number) => u64(evaluate(a, BigInt(n & 63))),
    js: (_, a, n) => js(a!, n!.l, `(${n!.l} << 26 >> 31)`),
  };
}
function count64(evaluate: (a: bigint) => number, js: (a: Text) => string): PureOp {
  return { args: ['i64'], type: 'i32', eval: evaluate, js: (_, a) => [js(a!)] };
}

/** No loop over a BigInt: V8 11.3 aborts on BigInt variables that live across a loop's edge. */
const popcount = (x: bigint): number => u64(x).toString(2).replaceAll('0', '').length;
const swap32 = (x: number): number => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24) | 0;

export const OPS = {
  add: bin32(
    (a, b) => (a + b) | 0,
    (a, b) => `(${a} + ${b} | 0)`,
  ),
  sub: bin32(
    (a, b) => (a - b) | 0,
    (a, b) => `(${a} - ${b} | 0)`,
  ),
  mul: bin32(
    (a, b) => Number(BigInt.asIntN(32, BigInt(a) * BigInt(b))),
    (a, b) => `Math.imul(${a}, ${b})`,
  ),
  and: bin32(
    (a, b) => a & b,
    (a, b) => `(${a} & ${b})`,
  ),
  or: bin32(
    (a, b) => a | b,
    (a, b) => `(${a} | ${b})`,
  ),
  xor: bin32(
    (a, b) => a ^ b,
    (a, b) => `(${a} ^ ${b})`,
  ),
  not: un32(
    (a) => ~a,
    (a) => `~${a}`,
  ),
  neg: un32(
    (a) => -a | 0,
    (a) => `(-${a} | 0)`,
  ),
  /** Shift counts are taken modulo 32. */
  shl: bin32(
    (a, b) => a << b,
    (a, b) => `(${a} << ${b})`,
  ),
  shr: bin32(
    (a, b) => (a >>> b) | 0,
    (a, b) => `(${a} >>> ${b} | 0)`,
  ),
  sar: bin32(
    (a, b) => a >> b,
    (a, b) => `(${a} >> ${b})`,
  ),
  eq: bin32(
    (a, b) => bit(a === b),
    (a, b) => bitText(`${a} === ${b}`),
  ),
  ne: bin32(
    (a, b) => bit(a !== b),
    (a, b) => bitText(`${a} !== ${b}`),
  ),
  ltu: bin32(
    (a, b) => bit(a >>> 0 < b >>> 0),
    (a, b) => bitText(`${a} >>> 0 < ${b} >>> 0`),
  ),
  lts: bin32(
    (a, b) => bit(a < b),
    (a, b) => bitText(`${a} < ${b}`),
  ),
  sext8: un32(
    (a) => (a << 24) >> 24,
    (a) => `(${a} << 24 >> 24)`,
  ),
  sext16: un32(
    (a) => (a << 16) >> 16,
    (a) => `(${a} << 16 >> 16)`,
  ),
  clz: un32(
    (a) => (a === 0 ? 32 : 31 - Math.floor(Math.log2(a >>> 0))),
    (a) => `Math.clz32(${a})`,
  ),
  ctz: un32(
    (a) => (a === 0 ? 32 : popcount(BigInt(((a & -a) - 1) >>> 0))),
    (a) => `(32 - Math.clz32(~${a} & ${a} - 1))`,
  ),
  popcnt: un32(
    (a) => popcount(BigInt(a >>> 0)),
    (a) => `popcnt32(${a})`,
  ),
  bswap: un32(swap32, (a) => `(${a} << 24 | (${a} & 65280) << 8 | ${a} >>> 8 & 65280 | ${a} >>> 24)`),
  /** High 32 bits of the unsigned and signed product. */
  mulhu: bin32(
    (a, b) => low((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n),
    (a, b) => highProduct(a, b, `Math.imul(${a}, ${b})`),
  ),
  mulhs: bin32((a, b) => low((BigInt(a) * BigInt(b)) >> 32n), highSigned),
  select: {
    args: ['i32', 'i32', 'i32'],
    type: 'i32',
    eval: (c: number, a: number, b: number) => (c !== 0 ? a : b),
    js: (_: Text, c: Text, a: Text, b: Text) => [`(${c.l} !== 0 ? ${a.l} : ${b.l})`],
  } as PureOp,

  add64: bin64(
    (a, b) => a + b,
    (a, b, out) => [`${a.l} + ${b.l} | 0`, `${a.h} + ${b.h} + ${bitText(`${out.l} >>> 0 < ${a.l} >>> 0`)} | 0`],
  ),
  sub64: bin64(
    (a, b) => a - b,
    (a, b) => [`${a.l} - ${b.l} | 0`, `${a.h} - ${b.h} - ${bitText(`${a.l} >>> 0 < ${b.l} >>> 0`)} | 0`],
  ),
  /** With a carry or borrow of 0 or 1. */
  adc64: carry64(
    (a, b, c) => a + b + c,
    (a, b, c, out) => [
      `${a.l} + ${b.l} + ${c} | 0`,
      `${a.h} + ${b.h} + ((${a.l} & ${b.l} | (${a.l} | ${b.l}) & ~${out.l}) >>> 31) | 0`,
    ],
  ),
  sbb64: carry64(
    (a, b, c) => a - b - c,
    (a, b, c, out) => [
      `${a.l} - ${b.l} - ${c} | 0`,
      `${a.h} - ${b.h} - ((~${a.l} & ${b.l} | (~${a.l} | ${b.l}) & ${out.l}) >>> 31) | 0`,
    ],
  ),
  mul64: bin64(
    (a, b) => a * b,
    (a, b, out) => [
      `Math.imul(${a.l}, ${b.l})`,
      `${highProduct(a.l, b.l, out.l)} + Math.imul(${a.l}, ${b.h}) + Math.imul(${a.h}, ${b.l}) | 0`,
    ],
  ),
  and64: bin64(
    (a, b) => a & b,
    (a, b) => [`${a.l} & ${b.l}`, `${a.h} & ${b.h}`],
  ),
  or64: bin64(
    (a, b) => a | b,
    (a, b) => [`${a.l} | ${b.l}`, `${a.h} | ${b.h}`],
  ),
  xor64: bin64(
    (a, b) => a ^ b,
    (a, b) => [`${a.l} ^ ${b.l}`, `${a.h} ^ ${b.h}`],
  ),
  /** Shift counts are taken modulo 64. Host's shifts take them modulo 32: `far` is all ones from 32 on. */
  shl64: shift64(
    (a, n) => a << n,
    (a, n, far) => [
      `${a.l} << ${n} & ~${far}`,
      `(${a.h} << ${n} | ${a.l} >>> 1 >>> ~${n}) & ~${far} | ${a.l} << ${n} & ${far}`,
    ],
  ),
  shr64: shift64(
    (a, n) => u64(a) >> n,
    (a, n, far) => [
      `(${a.l} >>> ${n} | ${a.h} << 1 << ~${n}) & ~${far} | ${a.h} >>> ${n} & ${far}`,
      `${a.h} >>> ${n} & ~${far}`,
    ],
  ),
  sar64: shift64(
    (a, n) => s64(a) >> n,
    (a, n, far) => [
      `(${a.l} >>> ${n} | ${a.h} << 1 << ~${n}) & ~${far} | ${a.h} >> ${n} & ${far}`,
      `${a.h} >> (${n} | ${far})`,
    ],
  ),
  rol64: shift64(
    (a, n) => (u64(a) << n) | (u64(a) >> (64n - n)),
    (a, n, far) => {
      const [near, other] = [`(${a.l} << ${n} | ${a.h} >>> 1 >>> ~${n})`, `(${a.h} << ${n} | ${a.l} >>> 1 >>> ~${n})`];
      return [`${near} & ~${far} | ${other} & ${far}`, `${other} & ~${far} | ${near} & ${far}`];
    },
  ),
  eq64: compare64(
    (a, b) => u64(a) === u64(b),
    (a, b) => bitText(`((${a.l} ^ ${b.l}) | (${a.h} ^ ${b.h})) === 0`),
  ),
  ltu64: compare64(
    (a, b) => u64(a) < u64(b),
    (a, b) => bitText(`(${a.h} === ${b.h} ? ${a.l} >>> 0 < ${b.l} >>> 0 : ${a.h} >>> 0 < ${b.h} >>> 0)`),
  ),
  lts64: compare64(
    (a, b) => s64(a) < s64(b),
    (a, b) => bitText(`(${a.h} === ${b.h} ? ${a.l} >>> 0 < ${b.l} >>> 0 : ${a.h} < ${b.h})`),
  ),
  clz64: count64(
    (a) => 64 - u64(a).toString(2).length + (u64(a) === 0n ? 1 : 0),
    (a) => `(${a.h} !== 0 ? Math.clz32(${a.h}) : 32 + Math.clz32(${a.l}))`,
  ),
  ctz64: count64(
    (a) => (u64(a) === 0n ? 64 : popcount((u64(a) & -u64(a)) - 1n)),
    (a) => `(${a.l} !== 0 ? 32 - Math.clz32(~${a.l} & ${a.l} - 1) : 64 - Math.clz32(~${a.h} & ${a.h} - 1))`,
  ),
  popcnt64: count64(popcount, (a) => `(popcnt32(${a.l}) + popcnt32(${a.h}))`),
  select64: {
    args: ['i32', 'i64', 'i64'],
    type: 'i64',
    eval: (c: number, a: bigint, b: bigint) => (c !== 0 ? a : b),
    js: (_: Text, c: Text, a: Text, b: Text) => [`${c.l} !== 0 ? ${a.l} : ${b.l}`, `${c.l} !== 0 ? ${a.h} : ${b.h}`],
  } as PureOp,
  lo: { args: ['i64'], type: 'i32', eval: (a: bigint) => low(a), js: (_: Text, a: Text) => [a.l] } as PureOp,
  hi: {
    args: ['i64'],
    type: 'i32',
    eval: (a: bigint) => low(u64(a) >> 32n),
    js: (_: Text, a: Text) => [a.h],
  } as PureOp,
  pair: {
    args: ['i32', 'i32'],
    type: 'i64',
    eval: (l: number, h: number) => (BigInt(h >>> 0) << 32n) | BigInt(l >>> 0),
    js: (_: Text, l: Text, h: Text) => [l.l, h.l],
  } as PureOp,
  zext64: {
    args: ['i32'],
    type: 'i64',
    eval: (a: number) => BigInt(a >>> 0),
    js: (_: Text, a: Text) => [a.l, '0'],
  } as PureOp,
  sext64: {
    args: ['i32'],
    type: 'i64',
    eval: (a: number) => u64(BigInt(a)),
    js: (_: Text, a: Text) => [a.l, `${a.l} >> 31`],
  } as PureOp,
} as const satisfies Record<string, PureOp>;

export type PureName = keyof typeof OPS;
export const PURE_NAMES = Object.keys(OPS) as PureName[];
