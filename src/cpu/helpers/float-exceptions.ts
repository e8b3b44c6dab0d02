import type { CpuContext } from '../context.ts';
import { raise, raiseUD, VECTOR } from '../fault.ts';
import { mergedSse, unmaskedSse } from '../softfloat/index.ts';
import { CR4, W } from '../state.ts';

/** Where results wait until it is certain that no exception is raised; behind the words of a memory operand. */
export const RESULT = W.scratch + 8;

/** Makes exception flags sticky in MXCSR, and raises #XM or #UD when one is unmasked (SDM 1 11.5.2, 3A 2.5). */
export function createSettle(cpu: CpuContext): (flags: number) => void {
  const { w } = cpu;
  return (flags) => {
    const mxcsr = w[W.mxcsr];
    w[W.mxcsr] = mxcsr | mergedSse(flags, mxcsr);
    if (unmaskedSse(flags, mxcsr) === 0) return;
    if ((w[W.cr4] & CR4.OSXMMEXCPT) === 0) raiseUD();
    raise(VECTOR.XM);
  };
}
