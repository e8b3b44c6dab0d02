import type { Emitter, Val } from '../emitter.ts';
import type { Emit } from '../isa/row.ts';
import { RCX } from '../state.ts';
import { bitAs } from './integer.ts';

/** Condition codes in encoding order (SDM 1, appendix B). */
export const CONDITIONS = 'O NO B NB Z NZ BE NBE S NS P NP L NL LE NLE'.split(' ');

export const jcc =
  (cc: number): Emit =>
  (t) =>
    branchIf(t, t.condition(cc));

export const setcc =
  (cc: number): Emit =>
  (t, dst) =>
    t.write(dst!, bitAs(t, t.condition(cc), 1));

/** The source is read whatever the condition; in 64-bit mode a 32-bit destination is always written. */
export const cmovcc =
  (cc: number): Emit =>
  (t, dst, src) => {
    const value = t.read(src!);
    if (value.size === 8) t.if(t.condition(cc), () => t.write(dst!, value));
    else t.write(dst!, t.select(t.condition(cc), value, t.read(dst!)));
  };

function branchIf(t: Emitter, condition: Val): void {
  t.checkJump(condition);
  t.branch(condition);
}

/** Counts rCX of the address size down, and jumps unless it is 0 then; `condition` has to hold as well. */
function countDown(t: Emitter, condition?: Val): void {
  const count = t.sub(t.gpr(RCX, t.addressSize), t.const(1, t.addressSize));
  const left = t.xor(t.isZero(count), t.const(1, 4));
  const taken = condition === undefined ? left : t.and(left, condition);
  t.checkJump(taken);
  t.setGpr(RCX, count);
  t.branch(taken);
}

export const loop: Emit = (t) => countDown(t);
export const loope: Emit = (t) => countDown(t, t.condition(4));
export const loopne: Emit = (t) => countDown(t, t.condition(5));
export const jcxz: Emit = (t) => branchIf(t, t.isZero(t.gpr(RCX, t.addressSize)));
