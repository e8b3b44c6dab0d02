import { W } from '../../cpu/state.ts';
import { ARM_ENDS, type Arm } from './arm-printer.ts';
import { ARM_MASK, NUMBER_SHIFT, R } from './record.ts';
import { RECORD_NAME } from './record-text.ts';

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
  const uses = new Set(['w', 'c', 'live', 'ipHighs', 'functions', 'ask', 'running']);
  for (const arm of arms) for (const use of arm.uses) uses.add(use);
  const enter = [
    `if ((w[${W.budget}] -= c[t | ${R.left}]) >= w[${W.budgetEnd}]) {`,
    `if (++c[t | ${R.heat}] !== ${hot}) { i = t; continue; }`,
    `why = ${ASK.PROMOTE};`,
    `} else why = ${ASK.STOP};`,
    'i = t; break ask;',
  ].join('\n');
  const linked = `live[c[t | ${R.page}]] !== 0`;
  const bodies = arms.map(({ text }) => text.replace(/^const /gm, ''));
  // Bytecode is short for what was declared first, and V8 limits its size: state and records are in locals, and all arms
  // share theirs, the most frequent first.
  const text = [
    'const state = w, records = c;',
    'return function interpreter(i) {',
    'const w = state, c = records;',
    `let t = i, tl = 0, th = 0, why = 0, ${localsOf(bodies).join(', ')};`,
    'for (;;) {',
    `ask: { ${ARM_ENDS.table}: { ${ARM_ENDS.jump}: { ${ARM_ENDS.fall}: { ${ARM_ENDS.indirect}: {`,
    `switch (c[i] & ${ARM_MASK}) {`,
    ...bodies.map((text, n) => `case ${n + 1}: {\n${text}\n}`),
    `default: break ${ARM_ENDS.table};`,
    '} }',
    // An indirect jump.
    `t = c[i | ${R.link}];`,
    `if (${linked} && c[t | ${R.ip}] === tl && ipHighs[c[t | ${R.page}]] === th) {\n${enter}\n}`,
    `why = ${ASK.INDIRECT}; break ask; }`,
    // A branch that is not taken.
    `t = c[i | ${R.next}];`,
    `if (t === 0) { why = ${ASK.FALL}; break ask; }`,
    `if ((w[${W.budget}] -= c[t | ${R.left}]) >= w[${W.budgetEnd}]) { i = t; continue; }`,
    `why = ${ASK.STOP}; i = t; break ask; }`,
    // A jump.
    `t = c[i | ${R.link}];`,
    `if (${linked}) {\n${enter}\n}`,
    `why = ${ASK.JUMP}; break ask; }`,
    'running.rec = i;',
    `if ((i = functions[c[i] >> ${NUMBER_SHIFT}](i)) === 0) return;`,
    'continue; }',
    'if ((i = ask(why, i, tl, th)) === 0) return;',
    '}',
    '}',
  ].join('\n');
  return { text, uses };
}

/** Names that arms declare, by how often they are used. */
function localsOf(bodies: readonly string[]): string[] {
  const uses = new Map<string, number>();
  for (const body of bodies) {
    for (const [name] of body.matchAll(LOCAL)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return [...uses].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

const LOCAL = new RegExp(`\\bv\\d+[lhp]?\\b|${RECORD_NAME.source}`, 'g');
