import { OP, SIMD, V128, VECTOR_MEMORY } from './code.ts';
import { type Operation, orHelper, pushUnsettled } from './float-parts.ts';
import { type InlineCall, knownArgument } from './inline-call.ts';

/** One of the two sizes of numbers, as instructions for vectors of it. */
interface Size {
  readonly eq: number;
  readonly lt: number;
  readonly ge: number;
  readonly abs: number;
  readonly ops: Readonly<Record<Operation, number>>;
  /** Vectors of the least normal number, of twice that, and of infinity. */
  readonly normal: Uint8Array;
  readonly safe: Uint8Array;
  readonly infinity: Uint8Array;
}

const singles = (value: number): Uint8Array => new Uint8Array(new Float32Array(4).fill(value).buffer);
const doubles = (value: number): Uint8Array => new Uint8Array(new Float64Array(2).fill(value).buffer);

const SINGLE: Size = {
  eq: SIMD.f32x4_eq,
  lt: SIMD.f32x4_lt,
  ge: SIMD.f32x4_ge,
  abs: SIMD.f32x4_abs,
  ops: {
    add: SIMD.f32x4_add,
    sub: SIMD.f32x4_sub,
    mul: SIMD.f32x4_mul,
    div: SIMD.f32x4_div,
    sqrt: SIMD.f32x4_sqrt,
  },
  normal: singles(2 ** -126),
  safe: singles(2 ** -125),
  infinity: singles(Infinity),
};
const DOUBLE: Size = {
  eq: SIMD.f64x2_eq,
  lt: SIMD.f64x2_lt,
  ge: SIMD.f64x2_ge,
  abs: SIMD.f64x2_abs,
  ops: {
    add: SIMD.f64x2_add,
    sub: SIMD.f64x2_sub,
    mul: SIMD.f64x2_mul,
    div: SIMD.f64x2_div,
    sqrt: SIMD.f64x2_sqrt,
  },
  normal: doubles(2 ** -1022),
  safe: doubles(2 ** -1021),
  infinity: doubles(Infinity),
};

/** As FLOATS of inline-float.ts, under the same conditions, which all elements have to meet. */
export const PACKED_FLOATS: Readonly<Record<string, (call: InlineCall) => void>> = Object.fromEntries(
  (['add', 'sub', 'mul', 'div', 'sqrt'] as const).flatMap((operation) => [
    [`${operation}ps`, packed(operation, SINGLE)],
    [`${operation}pd`, packed(operation, DOUBLE)],
  ]),
);

function packed(operation: Operation, size: Size): (call: InlineCall) => void {
  return (call) => {
    const { code, frame } = call;
    const [d, s] = [knownArgument(call, 0)!, knownArgument(call, 1)!];
    const binary = operation !== 'sqrt';
    const product = operation === 'mul' || operation === 'div';
    const load = (word: number): number => {
      const local = frame.borrow(V128);
      code.i32(0);
      code.vectorMemory(VECTOR_MEMORY.load, frame.stateOffset(word));
      code.set(local);
      return local;
    };
    const isZero = (local: number): void => {
      code.get(local);
      code.v128(new Uint8Array(16));
      code.simd(size.eq);
    };
    const atLeast = (local: number, least: Uint8Array): void => {
      code.get(local);
      code.simd(size.abs);
      code.v128(least);
      code.simd(size.ge);
    };
    orHelper(call, (slow) => {
      pushUnsettled(call);
      slow();
      const x = binary ? load(d) : -1;
      const y = load(s);
      const r = frame.borrow(V128);
      if (binary) code.get(x);
      code.get(y);
      code.simd(size.ops[operation]);
      code.set(r);
      // Results are normal, or zeros that are exact.
      atLeast(r, product ? size.safe : size.normal);
      code.get(r);
      code.simd(size.abs);
      code.v128(size.infinity);
      code.simd(size.lt);
      code.simd(SIMD.v128_and);
      isZero(r);
      if (product) {
        isZero(x);
        if (operation === 'mul') {
          isZero(y);
          code.simd(SIMD.v128_or);
        }
        code.simd(SIMD.v128_and);
      }
      code.simd(SIMD.v128_or);
      // Operands are no denormals.
      for (const operand of binary ? [x, y] : [y]) {
        atLeast(operand, size.normal);
        isZero(operand);
        code.simd(SIMD.v128_or);
        code.simd(SIMD.v128_and);
      }
      code.simd(SIMD.i32x4_all_true);
      code.op(OP.i32_eqz);
      slow();
      code.i32(0);
      code.get(r);
      code.vectorMemory(VECTOR_MEMORY.store, frame.stateOffset(d));
    });
  };
}
