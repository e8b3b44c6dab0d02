import type { Inst, IrBuilder } from '../../../cpu/ir/block.ts';
import { hasEffect, terminalValues, usedValues } from '../../../cpu/ir/uses.ts';
import type { Block } from './flow-graph.ts';
import type { Structure } from './structure.ts';

/** What happens first to the flags of before: they are looked at, replaced, or neither. */
type FirstUse = 'seen' | 'replaced' | 'through';

export const setsFlags = ({ op }: Inst): boolean => op === 'setFlags' || op === 'putFlags' || op === 'putCarries';

/** An exit of the region looks at the flags: the interpreter goes on with them. `dead`: its own flags are not wanted. */
function firstUse(ir: IrBuilder, dead: boolean): FirstUse {
  const used = usedValues(ir, terminalValues(ir), (inst) => hasEffect(inst) && !(dead && setsFlags(inst)));
  for (const [at, inst] of ir.insts.entries()) {
    switch (inst.op) {
      case 'cond':
      case 'getFlags':
        if (used.has(at)) return 'seen';
        break;
      case 'load':
      case 'fault':
      case 'call':
      case 'if':
        return 'seen';
      case 'store':
        if (inst.after === null) return 'seen';
        break;
      case 'setFlags':
      case 'putFlags':
        if (!dead) return 'replaced';
        break;
      case 'putCarries':
        if (!dead) return 'seen';
        break;
      default:
    }
  }
  return 'through';
}

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
      const unwanted = !live && ir.insts.some(setsFlags);
      dead[at]![n] = unwanted;
      const use = firstUse(ir, unwanted);
      if (use !== 'through') live = use === 'seen';
    }
    liveIn[at] = live;
  }
  return { dead, liveIn };
}
