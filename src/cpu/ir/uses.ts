import type { Inst, IrBuilder, ValueId } from './block.ts';
import { operandsOf } from './verify.ts';

/** False for an instruction that only makes a value. */
export const hasEffect = ({ op }: Inst): boolean =>
  op !== 'const' && op !== 'pure' && op !== 'get' && op !== 'cond' && op !== 'getFlags';

/** Values that the terminal needs. */
export function terminalValues({ terminal }: IrBuilder): ValueId[] {
  if ('condition' in terminal) return [terminal.condition];
  return 'target' in terminal ? [terminal.target] : [];
}

/** Values that are needed by `roots` and by the instructions that are `kept` for their effect. */
export function usedValues(ir: IrBuilder, roots: readonly ValueId[], kept: (inst: Inst) => boolean): Set<ValueId> {
  const used = new Set<ValueId>(roots);
  for (let at = ir.insts.length - 1; at >= 0; at--) {
    const inst = ir.insts[at]!;
    if (used.has(at) || kept(inst)) for (const value of operandsOf(inst)) used.add(value);
  }
  return used;
}
