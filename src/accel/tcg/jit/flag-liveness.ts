import type { IrBuilder } from '../../../cpu/ir/block.ts';
import type { Block } from './flow-graph.ts';
import type { Structure } from './structure.ts';

/** What happens first to the flags of before: they are looked at, replaced, or neither. */
type FirstUse = 'seen' | 'replaced' | 'through';

/** An exit of the region looks at the flags: the interpreter goes on with them. */
function firstUse(ir: IrBuilder): FirstUse {
  for (const inst of ir.insts) {
    switch (inst.op) {
      case 'cond':
      case 'getFlags':
      case 'load':
      case 'call':
      case 'if':
        return 'seen';
      case 'store':
        if (inst.after === null) return 'seen';
        break;
      case 'setFlags':
      case 'putFlags':
        return 'replaced';
      default:
    }
  }
  return 'through';
}

/** True when the instruction's own flags are set last, so that what it leaves can be judged by what follows. */
const setsFlags = (ir: IrBuilder): boolean => ir.insts.some(({ op }) => op === 'setFlags');

interface FlagUse {
  /**
   * For each block, for each of its instructions: whether the flags that it sets are replaced before anything can
   * look at them. Such an instruction need not compute them.
   */
  readonly dead: readonly (readonly boolean[])[];
  /** Whether a block may look at the flags that it begins with. */
  readonly liveIn: readonly boolean[];
}

export function flagUse(blocks: readonly Block[], shape: Structure): FlagUse {
  const liveIn = blocks.map(() => true);
  const dead: boolean[][] = blocks.map(({ nodes }) => nodes.map(() => false));
  // Blocks behind come first; an edge back may leave the region, so it looks at the flags.
  for (const at of [...shape.order].reverse()) {
    const block = blocks[at]!;
    const { nodes } = block;
    let live =
      block.end === 'indirect' ||
      [block.next, block.taken].some((edge) => {
        if (edge === undefined) return false;
        return (
          !('block' in edge) ||
          shape.isBack(at, edge.block) ||
          shape.isIrreducible(at, edge.block) ||
          liveIn[edge.block]!
        );
      });
    for (let n = nodes.length - 1; n >= 0; n--) {
      const { ir } = nodes[n]!;
      if (!live && setsFlags(ir)) dead[at]![n] = true;
      const use = firstUse(ir);
      if (use !== 'through') live = use === 'seen';
    }
    liveIn[at] = live;
  }
  return { dead, liveIn };
}
