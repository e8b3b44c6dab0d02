import * as softfloat from '../../src/cpu/softfloat/index.ts';
import type { Case } from './suite.ts';

const REPEAT = 100;
/** Word offsets in the scratch buffer. */
const D = 0;
const A = 4;
const B = 8;
const CW = 0x37f;
const MXCSR = 0x1f80;

/** Software floating point: nanoseconds per operation. */
export function floatCases(): Case[] {
  const buffer = new ArrayBuffer(64);
  const w = new Int32Array(buffer);
  const views = { words: w, f32: new Float32Array(buffer), f64: new Float64Array(buffer) };
  const f80 = (at: number, value: number) => {
    views.f64[12 / 2] = value;
    softfloat.f64ToF80(w, at, 12, CW);
  };
  const f64 = (at: number, value: number) => {
    views.f64[at / 2] = value;
  };
  const times = (group: string, name: string, set: () => void, operate: () => void): Case => ({
    group,
    name,
    units: REPEAT,
    run: () => {
      set();
      for (let n = 0; n < REPEAT; n++) operate();
    },
  });
  const x87 = (name: string, operate: () => void) =>
    times(
      'x87',
      name,
      () => {
        f80(A, 1.2345678901234567);
        f80(B, 0.7654321098765432);
      },
      operate,
    );
  const sse = (name: string, operate: () => void) =>
    times(
      'SSE2',
      name,
      () => {
        f64(A, 1.2345678901234567);
        f64(B, 0.7654321098765432);
      },
      operate,
    );
  return [
    x87('FADD', () => softfloat.addF80(w, D, A, B, CW)),
    x87('FMUL', () => softfloat.multiplyF80(w, D, A, B, CW)),
    x87('FDIV', () => softfloat.divideF80(w, D, A, B, CW)),
    x87('FSQRT', () => softfloat.squareRootF80(w, D, A, CW)),
    x87('FCOM', () => softfloat.compareF80(w, A, B, false)),
    x87('FLD m64', () => softfloat.f64ToF80(w, D, 12, CW)),
    x87('FST m64', () => softfloat.f80ToF64(w, D, A, CW)),
    x87('FSIN', () => softfloat.sine(w, D, A, CW)),
    x87('FYL2X', () => softfloat.yLog2X(w, D, B, A, CW)),
    sse('ADDSD', () => softfloat.addF64(views, D, A, B, MXCSR)),
    sse('MULSD', () => softfloat.multiplyF64(views, D, A, B, MXCSR)),
    sse('DIVSD', () => softfloat.divideF64(views, D, A, B, MXCSR)),
    sse('SQRTSD', () => softfloat.squareRootF64(views, D, A, MXCSR)),
  ];
}
