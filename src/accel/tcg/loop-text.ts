import { W } from '../../cpu/state.ts';
import { ARM_ENDS, type Arm } from './arm-printer.ts';
import { recentIndex } from './code-cache.ts';
import { ARM_MASK, GLUE_ARM, NUMBER_SHIFT, R } from './record.ts';
import { RECORD_NAME } from './record-text.ts';

/** Why the loop asks the vCPU for the next record. */
export const ASK = {
  /** The block of the record does not fit into the budget. */ STOP: 0,
  /** The record is hot. */ PROMOTE: 1,
  /** Its jump has no link. */ JUMP: 2,
  /** Nor has what follows it. */ FALL: 3,
  /** It jumps to `tl:th`, which is not its link. */ INDIRECT: 4,
} as const;

/** Of indirect jumps whose target is not their link one in so many is told: a prime, so that no rhythm is missed. */
const TELL_ONE_OF = 7;
/** So many are not told at first: more than warming makes. */
const TELL_NONE_OF = 1000;

/**
 * The interpreter's loop for the forms that run most: a switch over the number of a record's arm. Everything else is
 * arm 0, the call of the record's function. The call returns when a record gave STOP; `running.rec` is the record
 * whose function was called last. What is rare has one call in common, so that V8 has seen it before it optimises.
 */
export function loopText(arms: readonly Arm[], hot: number): { text: string; uses: Set<string> } {
  const uses = new Set(['w', 'c', 'live', 'ipHighs', 'modes', 'recent', 'functions', 'ask', 'running']);
  for (const arm of arms) for (const use of arm.uses) uses.add(use);
  const enter = [
    `if ((w[${W.budget}] -= c[t | ${R.left}]) >= w[${W.budgetEnd}]) {`,
    `if (++c[t | ${R.heat}] !== ${hot}) { i = t; continue; }`,
    `why = ${ASK.PROMOTE};`,
    `} else why = ${ASK.STOP};`,
    'i = t; break ask;',
  ].join('\n');
  const linked = `live[c[t | ${R.page}]] !== 0`;
  const locals: string[] = [];
  const bodies = arms.map(({ text }) => shareLocals(text.replace(/^const /gm, ''), locals));
  // Bytecode is short for what was declared first, and V8 limits its size: state and records are in locals, and all arms
  // share theirs.
  const text = [
    `const state = w, records = c; let untold = ${TELL_NONE_OF};`,
    'return function interpreter(i) {',
    'const w = state, c = records;',
    `let t = i, tl = 0, th = 0, why = 0, ${locals.join(', ')};`,
    'for (;;) {',
    `ask: { ${ARM_ENDS.table}: { ${ARM_ENDS.jump}: { ${ARM_ENDS.charge}: { ${ARM_ENDS.fall}: { ${ARM_ENDS.indirect}: {`,
    `switch (c[i] & ${ARM_MASK}) {`,
    ...bodies.map((text, n) => `case ${GLUE_ARM + n}: {\n${text}\n}`),
    `default: break ${ARM_ENDS.table};`,
    '} }',
    // An indirect jump.
    `t = c[i | ${R.link}];`,
    `if (${linked} && c[t | ${R.ip}] === tl && ipHighs[c[t | ${R.page}]] === th) {\n${enter}\n}`,
    // Most that have gone elsewhere before go to what was looked up a while ago. Some are told nevertheless: the first
    // few targets are noted for regions.
    'if (--untold > 0) {',
    `t = recent[${recentIndex('tl')}];`,
    `if (${linked} && c[t | ${R.ip}] === tl && ipHighs[c[t | ${R.page}]] === th && modes[c[t | ${R.page}]] === w[${W.mode}]) {`,
    `c[i | ${R.link}] = t;\n${enter}\n}`,
    `} else untold = ${TELL_ONE_OF};`,
    `why = ${ASK.INDIRECT}; break ask; }`,
    // A branch that is not taken.
    `t = c[i | ${R.next}];`,
    `if (t === 0) { why = ${ASK.FALL}; break ask; } }`,
    // The next block, without a jump.
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

/** Gives the names that an arm declares to `locals`, in the order in which it does; what is missing there is added. */
function shareLocals(body: string, locals: string[]): string {
  const own = new Map<string, string>();
  return body.replace(LOCAL, (name) => {
    let local = own.get(name);
    if (local === undefined) {
      local = `x${own.size}`;
      if (own.size === locals.length) locals.push(local);
      own.set(name, local);
    }
    return local;
  });
}

const LOCAL = new RegExp(`\\bv\\d+[lhp]?\\b|${RECORD_NAME.source}`, 'g');
