import { flagFlow } from './flag-flow.ts';
import { flagUse } from './flag-liveness.ts';
import type { FlagKnowledge } from './flag-state.ts';
import type { Block, FlowGraph } from './flow-graph.ts';
import type { Passes } from './passes.ts';
import { type Structure, structure } from './structure.ts';
import { unrollLoops } from './unroll.ts';

/** What every emitter wants to know of a flow graph before it prints. */
export interface Analysis {
  readonly blocks: readonly Block[];
  readonly shape: Structure;
  /** What is known of the flags at each block's beginning; empty when nothing is to be. */
  readonly flagsAt: readonly FlagKnowledge[];
  /** For each block, for each of its instructions: nobody looks at its flags. Empty when nothing is to be known. */
  readonly deadFlags: readonly (readonly boolean[])[];
  /** Whether a block may look at the flags that it begins with. */
  readonly flagsLive: readonly boolean[];
}

export function analyse(graph: FlowGraph, passes: Passes): Analysis {
  const blocks = passes.loops && passes['unrolled-loops'] ? unrollLoops(graph.blocks) : graph.blocks;
  const shape = structure(blocks);
  const { dead, liveIn } = flagUse(blocks, shape);
  return {
    blocks,
    shape,
    flagsAt: passes['flag-flow'] ? flagFlow(blocks, shape.order) : [],
    deadFlags: passes['dead-flags'] ? dead : [],
    flagsLive: passes['dead-flags'] ? liveIn : liveIn.map(() => true),
  };
}
