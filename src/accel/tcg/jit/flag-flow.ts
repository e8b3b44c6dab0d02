import { type FlagKnowledge, flagsAfter, mergeFlags } from './flag-state.ts';
import type { Block } from './flow-graph.ts';
import { successors } from './structure.ts';

/** Stands for the flags that a block begins with; no kind is negative. */
const BEFORE = -1;

/** What a block makes of the flags: knowledge, or BEFORE. Where only some of its ways set them, nothing is known. */
function effectOf({ nodes }: Block): FlagKnowledge {
  let flags: FlagKnowledge = BEFORE;
  for (const { ir } of nodes) flags = flagsAfter(ir, flags);
  return flags;
}

/** What is known of the flags at each block's beginning. */
export function flagFlow(blocks: readonly Block[], order: readonly number[]): FlagKnowledge[] {
  const at: (FlagKnowledge | undefined)[] = blocks.map(() => undefined);
  const effects = blocks.map(effectOf);
  const next = blocks.map(successors);
  at[0] = 'kept';
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      const flags = effects[block] === BEFORE ? at[block] : effects[block];
      if (at[block] === undefined || flags === undefined) continue;
      for (const to of next[block]!) {
        const before = at[to];
        const merged = before === undefined ? flags : mergeFlags(before, flags);
        if (merged !== before) {
          at[to] = merged;
          changed = true;
        }
      }
    }
  }
  return at.map((flags) => flags ?? 'unknown');
}
