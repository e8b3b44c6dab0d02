import type { Report } from '../src/bench/report.ts';

export interface Disagreement {
  readonly title: string;
  readonly engine: string;
  /** The slower run's time over the quicker one's, and what their spreads allow. */
  readonly ratio: number;
  readonly allowed: number;
}

/** Figures with more than one sample in both runs, and those whose ranges (median ± spread) do not touch. */
export function disagreements(first: Report, second: Report): { compared: number; apart: Disagreement[] } {
  let compared = 0;
  const apart: Disagreement[] = [];
  for (const { title, cells } of first.rows) {
    const others = second.rows.find((row) => row.title === title)?.cells ?? [];
    for (const one of cells) {
      const other = others.find(({ engine }) => engine === one.engine);
      if (other === undefined || one.samples.length < 2 || other.samples.length < 2) continue;
      compared++;
      const [low, high] = one.ns < other.ns ? [one, other] : [other, one];
      const ratio = high.ns / low.ns;
      // low * (1 + spread) >= high * (1 - spread)
      const allowed = (1 + low.spread) / Math.max(0, 1 - high.spread);
      if (ratio > allowed) apart.push({ title, engine: one.engine, ratio, allowed });
    }
  }
  return { compared, apart };
}
