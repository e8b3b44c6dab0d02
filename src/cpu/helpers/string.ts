import type { CpuContext } from '../context.ts';
import { FLAG, W } from '../state.ts';

/** The budget of a single step, more than any one instruction uses. */
export const STEP_BUDGET = 1 << 30;
/** Below so many elements single iterations are as quick. */
const FEWEST = 8;
const PAGE = 4096;

/**
 * Many iterations of REP MOVS and REP STOS at once. Addresses are linear. The functions give the number of
 * iterations done: 0 when they cannot be done so, because DF or TF is set, the places are not RAM that the TLB
 * knows to be accessible, or the budget is too small. Each iteration but one is charged to the budget,
 * so that instruction counts are those of single iterations. Nothing is raised.
 */
export function stringHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;

  /** Iterations wanted that stay in the page of each address. */
  function fitting(count: number, countHigh: number, size: number, low: number, other: number): number {
    const budget = w[W.budget]!;
    if ((w[W.rflags]! & (FLAG.DF | FLAG.TF)) !== 0 || budget >= STEP_BUDGET / 2) return 0;
    const used = Math.max(low & (PAGE - 1), other & (PAGE - 1));
    const wanted = countHigh === 0 ? Math.min(count >>> 0, budget) : budget;
    const n = Math.min(wanted, ((PAGE - used) / size) | 0);
    return n < FEWEST ? 0 : n;
  }

  function charge(n: number): number {
    w[W.budget]! -= n - 1;
    return n;
  }

  return {
    bulkMove(
      toLow: number,
      toHigh: number,
      fromLow: number,
      fromHigh: number,
      count: number,
      countHigh: number,
      size: number,
    ): number {
      const n = fitting(count, countHigh, size, toLow, fromLow);
      if (n === 0) return 0;
      return memory.move(toLow, toHigh, fromLow, fromHigh, n * size, w[W.cpl] === 3) ? charge(n) : 0;
    },

    bulkStore(
      low: number,
      high: number,
      value: number,
      valueHigh: number,
      count: number,
      countHigh: number,
      size: number,
    ): number {
      const n = fitting(count, countHigh, size, low, low);
      if (n === 0) return 0;
      return memory.fill(low, high, n, size, value, valueHigh, w[W.cpl] === 3) ? charge(n) : 0;
    },
  };
}
