import { F64, OP, SIMD, TRUNC_SAT, WasmCode } from './code.ts';
import { moduleOf } from './module.ts';
import { compiles } from './web-assembly.ts';

/**
 * A function of all that regions have beyond the first version of WebAssembly: vectors (which V8 wants SSE4.1 for), tail
 * calls, exceptions, and conversions that do not trap.
 */
function probe(): Uint8Array {
  const body = new WasmCode();
  body.try();
  body.catchAll();
  body.rethrow(0);
  body.op(OP.end);
  body.v128(new Uint8Array(16));
  body.simd(SIMD.i8x16_bitmask);
  body.op(OP.drop);
  body.f64(0);
  body.truncSat(TRUNC_SAT.i32_f64_s);
  body.returnCall(0);
  return moduleOf([], { signature: { params: 1, result: true }, locals: [F64], body });
}

/** Whether the host runs what this folder emits. */
export const hostHasAll = (): boolean => compiles(probe());
