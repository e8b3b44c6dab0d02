import { type FlagKnowledge, flagsAfter, mergeFlags } from './flag-state.ts';
import type { Block } from './flow-graph.ts';
import { successors } from './structure.ts';

/** What is known of the flags behind a block. */
const flagsBehind = ({ nodes }: Block, before: FlagKnowledge): FlagKnowledge =>
  nodes.reduce<FlagKnowledge>((flags, { ir }) => flagsAfter(ir, flags), before);

/** What is known of the flags at each block's beginning. */
export function flagFlow(blocks: readonly Block[], order: readonly number[]): FlagKnowledge[] {
  const at: (FlagKnowledge | undefined)[] = blocks.map(() => undefined);
  const next = blocks.map(successors);
  at[0] = 'kept';
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      const begin = at[block];
      if (begin === undefined) continue;
      const flags = flagsBehind(blocks[block]!, begin);
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
