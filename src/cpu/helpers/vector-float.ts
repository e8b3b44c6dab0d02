import type { CpuContext } from '../context.ts';
import {
  addF32,
  addF64,
  COMPARE_FLAGS_SHIFT,
  compareFlags,
  compareMask,
  divideF32,
  divideF64,
  maximum,
  minimum,
  multiplyF32,
  multiplyF64,
  reciprocalF32,
  reciprocalSquareRootF32,
  roundSse,
  squareRootF32,
  squareRootF64,
  subtractF32,
  subtractF64,
} from '../softfloat/index.ts';
import { type CpuState, W } from '../state.ts';
import { createSettle, RESULT as T } from './float-exceptions.ts';

/** d = a op b on one element; returns the exception flags. */
type Binary = (v: CpuState, d: number, a: number, b: number, mxcsr: number) => number;
type Unary = (v: CpuState, d: number, a: number, mxcsr: number) => number;
/** With one more number (predicate, rounding), and the element's width. */
type Sized = (v: CpuState, d: number, a: number, b: number, mxcsr: number, wide: boolean) => number;

const SECOND = T + 4;

/**
 * Floating-point arithmetic of SSE to SSE4.1, named as the instructions are. `d` and `s` are first state words of
 * the destination (also the first source) and the second source. All elements are computed aside; then an unmasked
 * exception raises #XM, or #UD when CR4.OSXMMEXCPT is 0 (SDM 1 11.5, 3A 2.5), or the results are written.
 */
export function vectorFloatHelpers(cpu: CpuContext) {
  const { state, w } = cpu;
  const settle = createSettle(cpu);

  const finish32 = (d: number, flags: number): void => {
    if (flags !== 0) settle(flags);
    w[d] = w[T];
  };
  const finish64 = (d: number, flags: number): void => {
    if (flags !== 0) settle(flags);
    w[d] = w[T];
    w[d + 1] = w[T + 1];
  };
  const finishAll = (d: number, flags: number): void => {
    if (flags !== 0) settle(flags);
    w[d] = w[T];
    w[d + 1] = w[T + 1];
    w[d + 2] = w[T + 2];
    w[d + 3] = w[T + 3];
  };
  const packed32 = (operation: Binary, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    let flags = 0;
    for (let i = 0; i < 4; i++) flags |= operation(state, T + i, d + i, s + i, mxcsr);
    finishAll(d, flags);
  };
  const packed64 = (operation: Binary, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    finishAll(d, operation(state, T, d, s, mxcsr) | operation(state, T + 2, d + 2, s + 2, mxcsr));
  };
  const packedExtreme32 = (operation: Sized, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    let flags = 0;
    for (let i = 0; i < 4; i++) flags |= operation(state, T + i, d + i, s + i, mxcsr, false);
    finishAll(d, flags);
  };
  const packedExtreme64 = (operation: Sized, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    finishAll(d, operation(state, T, d, s, mxcsr, true) | operation(state, T + 2, d + 2, s + 2, mxcsr, true));
  };
  const unary32 = (operation: Unary, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    let flags = 0;
    for (let i = 0; i < 4; i++) flags |= operation(state, T + i, s + i, mxcsr);
    finishAll(d, flags);
  };
  /** Neighbours of the destination, then of the source. */
  const horizontal32 = (operation: Binary, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    let flags = operation(state, T, d, d + 1, mxcsr) | operation(state, T + 1, d + 2, d + 3, mxcsr);
    flags |= operation(state, T + 2, s, s + 1, mxcsr) | operation(state, T + 3, s + 2, s + 3, mxcsr);
    finishAll(d, flags);
  };
  const horizontal64 = (operation: Binary, d: number, s: number): void => {
    const mxcsr = w[W.mxcsr];
    finishAll(d, operation(state, T, d, d + 2, mxcsr) | operation(state, T + 2, s, s + 2, mxcsr));
  };
  const compare = (d: number, s: number, signalling: boolean, wide: boolean): number => {
    const result = compareFlags(state, d, s, w[W.mxcsr], signalling, wide);
    const flags = result >> COMPARE_FLAGS_SHIFT;
    if (flags !== 0) settle(flags);
    return result & 0xff;
  };

  return {
    addps: (d: number, s: number): void => packed32(addF32, d, s),
    addpd: (d: number, s: number): void => packed64(addF64, d, s),
    addss: (d: number, s: number): void => finish32(d, addF32(state, T, d, s, w[W.mxcsr])),
    addsd: (d: number, s: number): void => finish64(d, addF64(state, T, d, s, w[W.mxcsr])),
    subps: (d: number, s: number): void => packed32(subtractF32, d, s),
    subpd: (d: number, s: number): void => packed64(subtractF64, d, s),
    subss: (d: number, s: number): void => finish32(d, subtractF32(state, T, d, s, w[W.mxcsr])),
    subsd: (d: number, s: number): void => finish64(d, subtractF64(state, T, d, s, w[W.mxcsr])),
    mulps: (d: number, s: number): void => packed32(multiplyF32, d, s),
    mulpd: (d: number, s: number): void => packed64(multiplyF64, d, s),
    mulss: (d: number, s: number): void => finish32(d, multiplyF32(state, T, d, s, w[W.mxcsr])),
    mulsd: (d: number, s: number): void => finish64(d, multiplyF64(state, T, d, s, w[W.mxcsr])),
    divps: (d: number, s: number): void => packed32(divideF32, d, s),
    divpd: (d: number, s: number): void => packed64(divideF64, d, s),
    divss: (d: number, s: number): void => finish32(d, divideF32(state, T, d, s, w[W.mxcsr])),
    divsd: (d: number, s: number): void => finish64(d, divideF64(state, T, d, s, w[W.mxcsr])),

    minps: (d: number, s: number): void => packedExtreme32(minimum, d, s),
    minpd: (d: number, s: number): void => packedExtreme64(minimum, d, s),
    minss: (d: number, s: number): void => finish32(d, minimum(state, T, d, s, w[W.mxcsr], false)),
    minsd: (d: number, s: number): void => finish64(d, minimum(state, T, d, s, w[W.mxcsr], true)),
    maxps: (d: number, s: number): void => packedExtreme32(maximum, d, s),
    maxpd: (d: number, s: number): void => packedExtreme64(maximum, d, s),
    maxss: (d: number, s: number): void => finish32(d, maximum(state, T, d, s, w[W.mxcsr], false)),
    maxsd: (d: number, s: number): void => finish64(d, maximum(state, T, d, s, w[W.mxcsr], true)),

    sqrtps: (d: number, s: number): void => unary32(squareRootF32, d, s),
    sqrtpd(d: number, s: number): void {
      const mxcsr = w[W.mxcsr];
      finishAll(d, squareRootF64(state, T, s, mxcsr) | squareRootF64(state, T + 2, s + 2, mxcsr));
    },
    sqrtss: (d: number, s: number): void => finish32(d, squareRootF32(state, T, s, w[W.mxcsr])),
    sqrtsd: (d: number, s: number): void => finish64(d, squareRootF64(state, T, s, w[W.mxcsr])),
    rsqrtps(d: number, s: number): void {
      for (let i = 0; i < 4; i++) reciprocalSquareRootF32(state, d + i, s + i);
    },
    rsqrtss: (d: number, s: number): void => reciprocalSquareRootF32(state, d, s),
    rcpps(d: number, s: number): void {
      for (let i = 0; i < 4; i++) reciprocalF32(state, d + i, s + i);
    },
    rcpss: (d: number, s: number): void => reciprocalF32(state, d, s),

    haddps: (d: number, s: number): void => horizontal32(addF32, d, s),
    haddpd: (d: number, s: number): void => horizontal64(addF64, d, s),
    hsubps: (d: number, s: number): void => horizontal32(subtractF32, d, s),
    hsubpd: (d: number, s: number): void => horizontal64(subtractF64, d, s),
    addsubps(d: number, s: number): void {
      const mxcsr = w[W.mxcsr];
      let flags = 0;
      for (let i = 0; i < 4; i += 2) {
        flags |= subtractF32(state, T + i, d + i, s + i, mxcsr);
        flags |= addF32(state, T + i + 1, d + i + 1, s + i + 1, mxcsr);
      }
      finishAll(d, flags);
    },
    addsubpd(d: number, s: number): void {
      const mxcsr = w[W.mxcsr];
      finishAll(d, subtractF64(state, T, d, s, mxcsr) | addF64(state, T + 2, d + 2, s + 2, mxcsr));
    },

    cmpps(d: number, s: number, predicate: number): void {
      const mxcsr = w[W.mxcsr];
      let flags = 0;
      for (let i = 0; i < 4; i++) flags |= compareMask(state, T + i, d + i, s + i, mxcsr, predicate & 7, false);
      finishAll(d, flags);
    },
    cmppd(d: number, s: number, predicate: number): void {
      const mxcsr = w[W.mxcsr];
      const flags = compareMask(state, T, d, s, mxcsr, predicate & 7, true);
      finishAll(d, flags | compareMask(state, T + 2, d + 2, s + 2, mxcsr, predicate & 7, true));
    },
    cmpss(d: number, s: number, predicate: number): void {
      finish32(d, compareMask(state, T, d, s, w[W.mxcsr], predicate & 7, false));
    },
    cmpsd(d: number, s: number, predicate: number): void {
      finish64(d, compareMask(state, T, d, s, w[W.mxcsr], predicate & 7, true));
    },
    /** ZF, PF and CF as RFLAGS bits. */
    ucomiss: (d: number, s: number): number => compare(d, s, false, false),
    ucomisd: (d: number, s: number): number => compare(d, s, false, true),
    comiss: (d: number, s: number): number => compare(d, s, true, false),
    comisd: (d: number, s: number): number => compare(d, s, true, true),

    roundps(d: number, s: number, how: number): void {
      const mxcsr = w[W.mxcsr];
      let flags = 0;
      for (let i = 0; i < 4; i++) flags |= roundSse(state, T + i, s + i, mxcsr, how, false);
      finishAll(d, flags);
    },
    roundpd(d: number, s: number, how: number): void {
      const mxcsr = w[W.mxcsr];
      finishAll(d, roundSse(state, T, s, mxcsr, how, true) | roundSse(state, T + 2, s + 2, mxcsr, how, true));
    },
    roundss: (d: number, s: number, how: number): void => finish32(d, roundSse(state, T, s, w[W.mxcsr], how, false)),
    roundsd: (d: number, s: number, how: number): void => finish64(d, roundSse(state, T, s, w[W.mxcsr], how, true)),

    /** Products of the elements chosen by bits 7-4; their sum goes where bits 3-0 say, zero elsewhere. */
    dpps(d: number, s: number, select: number): void {
      const mxcsr = w[W.mxcsr];
      let flags = 0;
      for (let i = 0; i < 4; i++) {
        if (((select >> (4 + i)) & 1) !== 0) flags |= multiplyF32(state, T + i, d + i, s + i, mxcsr);
        else w[T + i] = 0;
      }
      if (flags !== 0) settle(flags);
      settle(addF32(state, SECOND, T, T + 1, mxcsr) | addF32(state, SECOND + 1, T + 2, T + 3, mxcsr));
      settle(addF32(state, T, SECOND, SECOND + 1, mxcsr));
      const sum = w[T];
      for (let i = 0; i < 4; i++) w[d + i] = ((select >> i) & 1) !== 0 ? sum : 0;
    },
    dppd(d: number, s: number, select: number): void {
      const mxcsr = w[W.mxcsr];
      let flags = 0;
      for (let i = 0; i < 2; i++) {
        if (((select >> (4 + i)) & 1) !== 0) flags |= multiplyF64(state, T + 2 * i, d + 2 * i, s + 2 * i, mxcsr);
        else w[T + 2 * i] = w[T + 2 * i + 1] = 0;
      }
      if (flags !== 0) settle(flags);
      settle(addF64(state, SECOND, T, T + 2, mxcsr));
      for (let i = 0; i < 4; i++) w[d + i] = ((select >> (i >> 1)) & 1) !== 0 ? w[SECOND + (i & 1)] : 0;
    },
  };
}
