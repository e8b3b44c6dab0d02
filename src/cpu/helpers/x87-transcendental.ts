import type { CpuContext } from '../context.ts';
import { arctangent, cosine, exp2Minus1, sine, sineCosine, tangent, yLog2X, yLog2XPlus1 } from '../softfloat/index.ts';
import { C1, C2, IE, PRECOMPUTATION, SF } from '../softfloat/status.ts';
import { W } from '../state.ts';
import { isEmpty, markFull, pop, pushed, report, st, underflow, writeIndefinite } from './x87-stack.ts';

type Unary = (w: Int32Array, d: number, a: number, cw: number) => number;
type Binary = (w: Int32Array, d: number, y: number, x: number, cw: number) => number;

/** F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS. SDM volume 1, 8.3.7 and 8.3.8. */
export function x87TranscendentalHelpers(cpu: CpuContext) {
  const { w } = cpu;

  const isBlocked = (flags: number): boolean => (flags & ~w[W.fcw] & PRECOMPUTATION) !== 0;

  const unary = (operation: Unary, cleared: number): void => {
    const a = st(w, 0);
    if (!isEmpty(w, 0)) {
      report(w, operation(w, a, a, w[W.fcw]), cleared);
      return;
    }
    const masked = underflow(w);
    w[W.fsw] &= ~(cleared & C2);
    if (!masked) return;
    writeIndefinite(w, a);
    markFull(w, 0);
  };

  /** ST(1) = f(ST(1), ST(0)), then a pop. */
  const popping = (operation: Binary): void => {
    const d = st(w, 1);
    if (isEmpty(w, 0) || isEmpty(w, 1)) {
      if (!underflow(w)) return;
      writeIndefinite(w, d);
      markFull(w, 1);
      pop(w);
      return;
    }
    const flags = operation(w, d, d, st(w, 0), w[W.fcw]);
    report(w, flags);
    if (!isBlocked(flags)) pop(w);
  };

  /** ST(0) gives two results: `operation` writes them to ST(0) and to the register that becomes the new top. */
  const pushing = (operation: (d: number, top: number, cw: number) => number): void => {
    const d = st(w, 0);
    const top = st(w, 7);
    const empty = isEmpty(w, 0);
    if (empty || !isEmpty(w, 7)) {
      report(w, empty ? IE | SF : IE | SF | C1, C1 | C2);
      if ((w[W.fcw] & IE) === 0) return;
      writeIndefinite(w, d);
      writeIndefinite(w, top);
      markFull(w, 0);
      pushed(w);
      return;
    }
    const flags = operation(d, top, w[W.fcw]);
    report(w, flags, C1 | C2);
    if ((flags & C2) === 0 && !isBlocked(flags)) pushed(w);
  };

  return {
    x87Exp2Minus1: () => unary(exp2Minus1, C1),
    x87Sine: () => unary(sine, C1 | C2),
    x87Cosine: () => unary(cosine, C1 | C2),
    x87YLog2X: () => popping(yLog2X),
    x87YLog2XPlus1: () => popping(yLog2XPlus1),
    x87Arctangent: () => popping(arctangent),
    x87SineCosine: () => pushing((d, top, cw) => sineCosine(w, d, top, d, cw)),
    x87Tangent: () =>
      pushing((d, top, cw) => {
        const flags = tangent(w, d, d, cw);
        if ((flags & C2) !== 0 || isBlocked(flags)) return flags;
        const isNan = (w[d + 2] & 0x7fff) === 0x7fff;
        w[top] = isNan ? w[d] : 0;
        w[top + 1] = isNan ? w[d + 1] : 0x80000000;
        w[top + 2] = isNan ? w[d + 2] : 0x3fff;
        return flags;
      }),
  };
}
