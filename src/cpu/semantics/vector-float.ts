import type { RegisterOperand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG } from '../state.ts';
import { checkPendingX87, enterMmx, wroteVector } from './vector-move.ts';

/** COMISS, COMISD, UCOMISS, UCOMISD. */
export const compareToFlags =
  (helper: string): Emit =>
  (t, a, b) => {
    t.changeFlags(FLAG.ARITH, t.callFor(4, helper, t.vector(a!), t.vector(b!)));
  };

/** CVTSI2SS, CVTSI2SD. */
export const cvtFromInteger =
  (helper: string): Emit =>
  (t, dst, src) => {
    t.call(helper, t.vector(dst!), t.sext(t.read(src!), 8));
  };

/** CVTSS2SI, CVTSD2SI and the truncating forms. */
export const cvtToInteger =
  (helper: string): Emit =>
  (t, dst, src) => {
    const size = (dst as RegisterOperand).size;
    t.write(dst!, t.callFor(size, helper, t.vector(src!), 8 * size));
  };

/** CVTPI2PS, CVTPI2PD: with a memory operand no MMX register is touched. */
export const cvtFromMmx =
  (helper: string): Emit =>
  (t, dst, src) => {
    if (src!.kind === 'mmx') checkPendingX87(t);
    t.call(helper, t.vector(dst!), t.vector(src!));
    if (src!.kind === 'mmx') enterMmx(t);
  };

/** CVTPS2PI, CVTPD2PI and the truncating forms. */
export const cvtToMmx =
  (helper: string): Emit =>
  (t, dst, src) => {
    checkPendingX87(t);
    t.call(helper, t.vector(dst!), t.vector(src!));
    wroteVector(t, dst!);
  };
