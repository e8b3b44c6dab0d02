import type { CpuContext } from '../context.ts';
import { FLAG, W } from '../state.ts';

/** The budget of a single step, more than any one instruction uses. */
export const STEP_BUDGET = 1 << 30;
/** Below so many elements single iterations are as quick. */
const FEWEST = 2;
const PAGE = 4096;

/**
 * Many iterations of REP MOVS and REP STOS at once. Addresses are linear. The functions give the number of
 * iterations done: 0 when they cannot be done so, because TF is set, the places are not RAM that the TLB
 * knows to be accessible, or the budget is too small. Each iteration but one is charged to the budget,
 * so that instruction counts are those of single iterations. Nothing is raised.
 */
export function stringHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;

  /** Iterations wanted that stay in the page of each address. */
  function fitting(count: number, countHigh: number, size: number, low: number, other: number): number {
    const budget = w[W.budget]!;
    if ((w[W.rflags]! & FLAG.TF) !== 0 || budget >= STEP_BUDGET / 2) return 0;
    const [a, b] = [low & (PAGE - 1), other & (PAGE - 1)];
    let room = ((PAGE - Math.max(a, b)) / size) | 0;
    if (room > 0 && isDown()) room = ((Math.min(a, b) / size) | 0) + 1;
    const n = Math.min(room, budget, countHigh === 0 ? count >>> 0 : budget);
    return n < FEWEST ? 0 : n;
  }

  const isDown = (): boolean => (w[W.rflags]! & FLAG.DF) !== 0;

  /** Bytes from the lowest of `n` elements to the first one. */
  const below = (n: number, size: number): number => (isDown() ? (n - 1) * size : 0);

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
      const back = below(n, size);
      const done = memory.move(toLow - back, toHigh, fromLow - back, fromHigh, n * size, isDown(), w[W.cpl] === 3);
      return done ? charge(n) : 0;
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
      const done = memory.fill(low - below(n, size), high, n, size, value, valueHigh, w[W.cpl] === 3);
      return done ? charge(n) : 0;
    },
  };
}
