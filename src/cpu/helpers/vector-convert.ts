import type { CpuContext } from '../context.ts';
import { f32ToF64, f64ToF32, integerToSse, sseToInteger } from '../softfloat/index.ts';
import { W } from '../state.ts';
import { createSettle, RESULT as T } from './float-exceptions.ts';

/**
 * Conversions of SSE and SSE2, named as the instructions are. `d` and `s` are first state words, of MMX registers
 * where the name says PI; exceptions as in vector-float.ts.
 */
export function vectorConvertHelpers(cpu: CpuContext) {
  const { state, w } = cpu;
  const settle = createSettle(cpu);

  const finish = (d: number, flags: number, words: number): void => {
    if (flags !== 0) settle(flags);
    for (let i = 0; i < words; i++) w[d + i] = w[T + i];
  };
  const singlesToIntegers = (d: number, s: number, count: number, truncate: boolean): void => {
    const mxcsr = w[W.mxcsr];
    let flags = 0;
    for (let i = 0; i < count; i++) flags |= sseToInteger(state, T + i, s + i, 32, mxcsr, truncate, false);
    finish(d, flags, count);
  };
  /** `words` is 4 when the upper half becomes zero, 2 for an MMX register. */
  const doublesToIntegers = (d: number, s: number, words: number, truncate: boolean): void => {
    const mxcsr = w[W.mxcsr];
    const flags = sseToInteger(state, T, s, 32, mxcsr, truncate, true);
    w[T + 2] = w[T + 3] = 0;
    finish(d, flags | sseToInteger(state, T + 1, s + 2, 32, mxcsr, truncate, true), words);
  };
  const integersToSingles = (d: number, s: number, count: number): void => {
    const mxcsr = w[W.mxcsr];
    let flags = 0;
    for (let i = 0; i < count; i++) flags |= integerToSse(state, T + i, w[s + i] >> 31, w[s + i], mxcsr, false);
    finish(d, flags, count);
  };
  const integersToDoubles = (d: number, s: number): void => {
    state.f64[T >> 1] = w[s];
    state.f64[(T >> 1) + 1] = w[s + 1];
    finish(d, 0, 4);
  };
  const scalarToInteger = (s: number, bits: number, truncate: boolean, wide: boolean): number => {
    const flags = sseToInteger(state, T, s, bits, w[W.mxcsr], truncate, wide);
    if (flags !== 0) settle(flags);
    w[W.hi] = w[T + 1];
    return w[T];
  };

  return {
    cvtps2pd(d: number, s: number): void {
      const mxcsr = w[W.mxcsr];
      finish(d, f32ToF64(state, T, s, mxcsr) | f32ToF64(state, T + 2, s + 1, mxcsr), 4);
    },
    cvtpd2ps(d: number, s: number): void {
      const mxcsr = w[W.mxcsr];
      const flags = f64ToF32(state, T, s, mxcsr) | f64ToF32(state, T + 1, s + 2, mxcsr);
      w[T + 2] = w[T + 3] = 0;
      finish(d, flags, 4);
    },
    cvtss2sd: (d: number, s: number): void => finish(d, f32ToF64(state, T, s, w[W.mxcsr]), 2),
    cvtsd2ss: (d: number, s: number): void => finish(d, f64ToF32(state, T, s, w[W.mxcsr]), 1),

    cvtdq2ps: (d: number, s: number): void => integersToSingles(d, s, 4),
    cvtps2dq: (d: number, s: number): void => singlesToIntegers(d, s, 4, false),
    cvttps2dq: (d: number, s: number): void => singlesToIntegers(d, s, 4, true),
    cvtdq2pd: integersToDoubles,
    cvtpd2dq: (d: number, s: number): void => doublesToIntegers(d, s, 4, false),
    cvttpd2dq: (d: number, s: number): void => doublesToIntegers(d, s, 4, true),

    cvtpi2ps: (d: number, s: number): void => integersToSingles(d, s, 2),
    cvtps2pi: (d: number, s: number): void => singlesToIntegers(d, s, 2, false),
    cvttps2pi: (d: number, s: number): void => singlesToIntegers(d, s, 2, true),
    cvtpi2pd: integersToDoubles,
    cvtpd2pi: (d: number, s: number): void => doublesToIntegers(d, s, 2, false),
    cvttpd2pi: (d: number, s: number): void => doublesToIntegers(d, s, 2, true),

    /** The integer comes sign-extended to 64 bits. */
    cvtsi2ss(d: number, low: number, high: number): void {
      finish(d, integerToSse(state, T, high, low, w[W.mxcsr], false), 1);
    },
    cvtsi2sd(d: number, low: number, high: number): void {
      finish(d, integerToSse(state, T, high, low, w[W.mxcsr], true), 2);
    },
    /** `bits` is 32 or 64. */
    cvtss2si: (s: number, bits: number): number => scalarToInteger(s, bits, false, false),
    cvttss2si: (s: number, bits: number): number => scalarToInteger(s, bits, true, false),
    cvtsd2si: (s: number, bits: number): number => scalarToInteger(s, bits, false, true),
    cvttsd2si: (s: number, bits: number): number => scalarToInteger(s, bits, true, true),
  };
}
