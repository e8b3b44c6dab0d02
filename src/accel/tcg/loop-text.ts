import { W } from '../../cpu/state.ts';
import { ARM_ENDS, type Arm } from './arm-printer.ts';

/** Why the loop asks the vCPU for the next record. */
export const ASK = {
  /** The block of the record does not fit into the budget. */ STOP: 0,
  /** The record is hot. */ PROMOTE: 1,
  /** Its jump has no link. */ JUMP: 2,
  /** Nor has what follows it. */ FALL: 3,
  /** It jumps to `tl:th`, which is not its link. */ INDIRECT: 4,
} as const;

/**
 * The interpreter's loop for the forms that run most: a switch over the number of a record's arm. Everything else is
 * arm 0, the call of the record's function. The call returns when a record gave STOP; `running.rec` is the record
 * whose function was called last. What is rare has one call in common, so that V8 has seen it before it optimises.
 */
export function loopText(arms: readonly Arm[], hot: number): { text: string; uses: Set<string> } {
  const uses = new Set(['w', 'STOP', 'ask', 'running']);
  for (const arm of arms) for (const use of arm.uses) uses.add(use);
  const enter = [
    `if ((w[${W.budget}] -= t.left) >= w[${W.budgetEnd}]) {`,
    `if (++t.heat !== ${hot}) { i = t; continue; }`,
    `why = ${ASK.PROMOTE};`,
    `} else why = ${ASK.STOP};`,
    'i = t; break ask;',
  ].join('\n');
  const linked = 't !== null && t.page.live';
  // The state is in a local: each use of an outer name costs bytecode, whose size V8 limits.
  const text = [
    'const state = w;',
    'return function interpreter(i) {',
    'const w = state;',
    'let t = i, tl = 0, th = 0, why = 0;',
    'for (;;) {',
    `ask: { ${ARM_ENDS.table}: { ${ARM_ENDS.jump}: { ${ARM_ENDS.fall}: { ${ARM_ENDS.indirect}: {`,
    'switch (i.arm) {',
    ...arms.map(({ text }, n) => `case ${n + 1}: {\n${text}\n}`),
    `default: break ${ARM_ENDS.table};`,
    '} }',
    // An indirect jump.
    't = i.link;',
    `if (${linked} && t.ipLow === tl && t.page.ipHigh === th) {\n${enter}\n}`,
    `why = ${ASK.INDIRECT}; break ask; }`,
    // A branch that is not taken.
    't = i.next;',
    `if (t === null) { why = ${ASK.FALL}; break ask; }`,
    `if ((w[${W.budget}] -= t.left) >= w[${W.budgetEnd}]) { i = t; continue; }`,
    `why = ${ASK.STOP}; i = t; break ask; }`,
    // A jump.
    't = i.link;',
    `if (${linked}) {\n${enter}\n}`,
    `why = ${ASK.JUMP}; break ask; }`,
    'running.rec = i;',
    'if ((i = i.h(i)) === STOP) return;',
    'continue; }',
    'if ((i = ask(why, i, tl, th)) === STOP) return;',
    '}',
    '}',
  ].join('\n');
  return { text, uses };
}
