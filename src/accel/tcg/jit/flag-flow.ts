import { type FlagKnowledge, flagsAfter, mergeFlags } from './flag-state.ts';
import type { Block } from './flow-graph.ts';
import { successors } from './structure.ts';

/** What is known of the flags at each block's beginning. */
export function flagFlow(blocks: readonly Block[], order: readonly number[]): FlagKnowledge[] {
  const at: (FlagKnowledge | undefined)[] = blocks.map(() => undefined);
  at[0] = 'kept';
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      let flags = at[block];
      if (flags === undefined) continue;
      for (const { ir } of blocks[block]!.nodes) flags = flagsAfter(ir, flags);
      for (const to of successors(blocks[block]!)) {
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
