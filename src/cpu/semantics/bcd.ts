import type { Emitter } from '../emitter.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG, RAX } from '../state.ts';

/** The helpers take AX and the flags, and give the new AX with the flags in the upper half. */
const adjust =
  (name: 'daa' | 'das' | 'aaa' | 'aas'): Emit =>
  (t: Emitter) => {
    const both = t.callFor(4, name, t.gpr(RAX, 2), t.arithmeticFlags());
    t.setGpr(RAX, t.trunc(both, 2));
    t.changeFlags(FLAG.ARITH, t.shr(both, t.const(16, 4)));
  };
export const daa = adjust('daa');
export const das = adjust('das');
export const aaa = adjust('aaa');
export const aas = adjust('aas');

/** Raises #DE for a base of 0. */
export const aam: Emit = (t, base) => {
  const result = t.callFor(2, 'aam', t.gpr(RAX, 1), t.read(base!));
  t.setGpr(RAX, result);
  t.setFlags('LOGIC', t.trunc(result, 1));
};

export const aad: Emit = (t, base) => {
  const ax = t.gpr(RAX, 2);
  const tens = t.mul(t.trunc(t.shr(ax, t.const(8, 4)), 1), t.read(base!));
  const al = t.add(t.trunc(ax, 1), tens);
  t.setGpr(RAX, t.zext(al, 2));
  t.setFlags('LOGIC', al);
};
