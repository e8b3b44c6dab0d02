import { W } from '../../../cpu/state.ts';
import { OP, SIMD, VECTOR_MEMORY } from './code.ts';
import { type InlineCall, knownArgument } from './inline-call.ts';

/** Instructions on the destination and the source that are one of WebAssembly. */
const BINARY: Readonly<Record<string, number>> = {
  paddb: SIMD.i8x16_add,
  paddw: SIMD.i16x8_add,
  paddd: SIMD.i32x4_add,
  paddq: SIMD.i64x2_add,
  psubb: SIMD.i8x16_sub,
  psubw: SIMD.i16x8_sub,
  psubd: SIMD.i32x4_sub,
  psubq: SIMD.i64x2_sub,
  paddsb: SIMD.i8x16_add_sat_s,
  paddsw: SIMD.i16x8_add_sat_s,
  paddusb: SIMD.i8x16_add_sat_u,
  paddusw: SIMD.i16x8_add_sat_u,
  psubsb: SIMD.i8x16_sub_sat_s,
  psubsw: SIMD.i16x8_sub_sat_s,
  psubusb: SIMD.i8x16_sub_sat_u,
  psubusw: SIMD.i16x8_sub_sat_u,
  pmullw: SIMD.i16x8_mul,
  pmulld: SIMD.i32x4_mul,
  pmaddwd: SIMD.i32x4_dot_i16x8_s,
  pavgb: SIMD.i8x16_avgr_u,
  pavgw: SIMD.i16x8_avgr_u,
  pminub: SIMD.i8x16_min_u,
  pmaxub: SIMD.i8x16_max_u,
  pminsb: SIMD.i8x16_min_s,
  pmaxsb: SIMD.i8x16_max_s,
  pminsw: SIMD.i16x8_min_s,
  pmaxsw: SIMD.i16x8_max_s,
  pminuw: SIMD.i16x8_min_u,
  pmaxuw: SIMD.i16x8_max_u,
  pminsd: SIMD.i32x4_min_s,
  pmaxsd: SIMD.i32x4_max_s,
  pminud: SIMD.i32x4_min_u,
  pmaxud: SIMD.i32x4_max_u,
  pcmpeqb: SIMD.i8x16_eq,
  pcmpeqw: SIMD.i16x8_eq,
  pcmpeqd: SIMD.i32x4_eq,
  pcmpeqq: SIMD.i64x2_eq,
  pcmpgtb: SIMD.i8x16_gt_s,
  pcmpgtw: SIMD.i16x8_gt_s,
  pcmpgtd: SIMD.i32x4_gt_s,
  pcmpgtq: SIMD.i64x2_gt_s,
  packsswb: SIMD.i8x16_narrow_i16x8_s,
  packuswb: SIMD.i8x16_narrow_i16x8_u,
  packssdw: SIMD.i16x8_narrow_i32x4_s,
  packusdw: SIMD.i16x8_narrow_i32x4_u,
};

/** Shifts of elements of so many bits. */
const SHIFTS: Readonly<Record<string, readonly [op: number, bits: number]>> = {
  psrlw: [SIMD.i16x8_shr_u, 16],
  psraw: [SIMD.i16x8_shr_s, 16],
  psllw: [SIMD.i16x8_shl, 16],
  psrld: [SIMD.i32x4_shr_u, 32],
  psrad: [SIMD.i32x4_shr_s, 32],
  pslld: [SIMD.i32x4_shl, 32],
  psrlq: [SIMD.i64x2_shr_u, 64],
  psllq: [SIMD.i64x2_shl, 64],
};

const BITMASKS: Readonly<Record<string, number>> = {
  pmovmskb: SIMD.i8x16_bitmask,
  movmskps: SIMD.i32x4_bitmask,
  movmskpd: SIMD.i64x2_bitmask,
};

/** Which bytes make the result: those of the destination are 0 to 15, those of the source follow. */
type Order = (immediate: number) => readonly number[];

/** Elements of so many bytes, each by its number; those of the source follow the destination's. */
const elements = (size: number, numbers: readonly number[]): number[] =>
  numbers.flatMap((n) => Array.from({ length: size }, (_, byte) => n * size + byte));

/** Elements of both in turns, from the lower halves or the upper ones. */
function interleaved(size: number, upper: boolean): Order {
  const count = 16 / size;
  const first = upper ? count / 2 : 0;
  const numbers = Array.from({ length: count }, (_, n) => first + (n >> 1) + (n & 1) * count);
  return () => elements(size, numbers);
}

const two = (immediate: number, n: number): number => (immediate >> (2 * n)) & 3;
const WORDS = [0, 1, 2, 3, 4, 5, 6, 7];
const BYTES = Array.from({ length: 16 }, (_, n) => n);

const SHUFFLES: Readonly<Record<string, Order>> = {
  punpcklbw: interleaved(1, false),
  punpcklwd: interleaved(2, false),
  punpckldq: interleaved(4, false),
  punpckhbw: interleaved(1, true),
  punpckhwd: interleaved(2, true),
  punpckhdq: interleaved(4, true),
  pshufd: (order) =>
    elements(
      4,
      [0, 1, 2, 3].map((n) => 4 + two(order, n)),
    ),
  pshuflw: (order) =>
    elements(
      2,
      WORDS.map((n) => 8 + (n < 4 ? two(order, n) : n)),
    ),
  pshufhw: (order) =>
    elements(
      2,
      WORDS.map((n) => 8 + (n < 4 ? n : 4 + two(order, n - 4))),
    ),
  shufps: (order) =>
    elements(
      4,
      [0, 1, 2, 3].map((n) => (n < 2 ? 0 : 4) + two(order, n)),
    ),
  /** Beyond both are zeros. */
  palignr: (shift) => BYTES.map((n) => (n + shift < 16 ? 16 + n + shift : n + shift < 32 ? n + shift - 16 : 32)),
  shufpd: (order) => elements(8, [order & 1, 2 + ((order >> 1) & 1)]),
};

/** Behind the destination are zeros. */
const BYTE_SHIFTS: Readonly<Record<string, Order>> = {
  psrldq: (count) => BYTES.map((n) => n + count),
  pslldq: (count) => BYTES.map((n) => (n < count ? 16 : n - count)),
};

/**
 * Prints code for an instruction on packed integers in XMM registers in place of a helper's call. False where there is
 * none: for MMX registers, first of all.
 */
export function printVector(call: InlineCall): boolean {
  const { helper, args } = call.inst;
  if (helper === 'ptest') return tested(call);
  if (knownArgument(call, args.length - 1) !== 16) return false;
  const [binary, shift, order] = [BINARY[helper], SHIFTS[helper], SHUFFLES[helper]];
  const [byteShift, mask] = [BYTE_SHIFTS[helper], BITMASKS[helper]];
  if (binary !== undefined) return combine(call, () => call.code.simd(binary));
  if (shift !== undefined) return shifted(call, ...shift);
  if (helper === 'pshufb') return combine(call, () => swizzle(call));
  if (order !== undefined) return shuffled(call, order);
  if (byteShift !== undefined) return shiftedBytes(call, byteShift);
  return mask !== undefined && masked(call, mask);
}

function push(call: InlineCall, word: number): void {
  call.code.i32(0);
  call.code.vectorMemory(VECTOR_MEMORY.load, call.frame.stateOffset(word));
}

/** The destination becomes what is made of itself and the source. */
function combine(call: InlineCall, make: () => void): boolean {
  const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
  call.code.i32(0);
  push(call, d);
  push(call, s);
  make();
  call.code.vectorMemory(VECTOR_MEMORY.store, call.frame.stateOffset(d));
  return true;
}

/** Bits 4 to 6 of a byte's number do not count, while WebAssembly gives 0 for all numbers above 15. */
function swizzle({ code }: InlineCall): void {
  code.v128(new Uint8Array(16).fill(0x8f));
  code.simd(SIMD.v128_and);
  code.simd(SIMD.i8x16_swizzle);
}

/** What an instruction with an immediate has put in the scratch words. */
function countBefore({ ir, inst }: InlineCall): number | undefined {
  const before = ir.insts.slice(0, ir.insts.indexOf(inst));
  const set = before.findLast((each) => each.op === 'set' && each.slot.word === W.scratch);
  const count = set?.op === 'set' ? ir.constant(set.value) : undefined;
  return typeof count === 'number' ? count : undefined;
}

/** By an immediate; where the count is a register's or memory's, the helper looks at all its bits. */
function shifted(call: InlineCall, op: number, bits: number): boolean {
  const count = knownArgument(call, 1) === W.scratch ? countBefore(call) : undefined;
  if (count === undefined || count >= bits) return false;
  const { code } = call;
  const d = knownArgument(call, 0)!;
  code.i32(0);
  push(call, d);
  code.i32(count);
  code.simd(op);
  code.vectorMemory(VECTOR_MEMORY.store, call.frame.stateOffset(d));
  return true;
}

/** Of the destination and what the shift brings in, which is zero. */
function shiftedBytes(call: InlineCall, order: Order): boolean {
  const count = countBefore(call);
  if (count === undefined || count > 15) return false;
  const { code } = call;
  const d = knownArgument(call, 0)!;
  code.i32(0);
  push(call, d);
  code.v128(new Uint8Array(16));
  code.shuffle(order(count));
  code.vectorMemory(VECTOR_MEMORY.store, call.frame.stateOffset(d));
  return true;
}

/** Arguments are destination, source, an immediate where there is one, and how many bytes a vector has. */
function shuffled(call: InlineCall, order: Order): boolean {
  const immediate = call.inst.args.length === 4 ? knownArgument(call, 2) : 0;
  if (immediate === undefined) return false;
  const bytes = order(immediate);
  return bytes.every((byte) => byte < 32) && combine(call, () => call.code.shuffle(bytes));
}

function masked(call: InlineCall, op: number): boolean {
  push(call, knownArgument(call, 0)!);
  call.code.simd(op);
  call.code.set(call.result);
  return true;
}

/** ZF when the destination and the source have no bit in common, CF when the source has none but the destination's. */
function tested(call: InlineCall): boolean {
  const { code } = call;
  const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
  for (const op of [SIMD.v128_and, SIMD.v128_andnot]) {
    push(call, s);
    push(call, d);
    code.simd(op);
    code.simd(SIMD.v128_any_true);
    code.op(OP.i32_eqz);
  }
  code.set(call.result);
  code.i32(6);
  code.op(OP.i32_shl);
  code.get(call.result);
  code.op(OP.i32_or);
  code.set(call.result);
  return true;
}
