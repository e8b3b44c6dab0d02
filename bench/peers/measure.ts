import { median, spread } from '../../src/bench/statistics.ts';
import type { Guest } from './build.ts';
import type { Engine } from './engines.ts';
import type { Arch, Kernel } from './kernel-table.ts';
import type { Round } from './rounds.ts';

/** What one engine made of one kernel. Speeds in millions of guest instructions a second. */
export interface Cell {
  readonly engine: string;
  /** Rounds after the first of each process: translated code, warm caches. */
  readonly steadyMs: number;
  /** First rounds: a fresh process, translation included. */
  readonly coldMs: number;
  /** How far the farthest steady round is from the median, as a share of it. */
  readonly spread: number;
  readonly samples: readonly number[];
  /** Iterations that were run, where they are fewer than the row's. */
  readonly n: number;
  readonly instructions?: number;
  readonly rss?: number;
  /** Why there is no figure, or why it does not count. */
  readonly gap?: string;
}

export interface Row {
  readonly arch: Arch;
  readonly kernel: string;
  readonly n: number;
  readonly checksum: string;
  /** Guest instructions of one round; undefined when no engine counted them. */
  readonly instructions: number | undefined;
  readonly cells: readonly Cell[];
}

interface Samples {
  readonly engine: Engine;
  readonly n: number;
  readonly steady: number[];
  readonly cold: number[];
  readonly rss: number[];
  instructions?: number;
  checksum?: string;
  gap?: string;
}

export interface Plan {
  readonly arch: Arch;
  readonly guest: Guest;
  readonly kernel: Kernel;
  readonly engines: readonly Engine[];
  /** Processes per engine, taken in turn. */
  readonly repeats: number;
  /** Rounds per process. */
  readonly rounds: number;
  /** Share of the kernel's iterations. */
  readonly scale: number;
  /** Real time, or CPU time of all threads: the second says more on a busy host. */
  readonly clock: Clock;
}

export type Clock = 'wall' | 'cpu';

/** Runs one kernel on all engines, interleaved: each repeat takes every engine once, from another one on each time. */
export async function measureKernel(plan: Plan, progress: (text: string) => void): Promise<Row> {
  const { arch, guest, kernel, engines, repeats, rounds, scale, clock } = plan;
  const iterations = (part: number) => Math.max(1, Math.round(kernel.n * scale * part));
  const full = iterations(1);
  const all = engines.map((engine): Samples => {
    const n = iterations(engine.share);
    const gap = engine.gap(arch);
    return { engine, n, steady: [], cold: [], rss: [], ...(gap === undefined ? {} : { gap }) };
  });
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (let k = 0; k < all.length; k++) {
      const samples = all[(k + repeat) % all.length]!;
      if (samples.gap !== undefined) continue;
      progress(`${arch} ${kernel.name}: ${samples.engine.name}, ${repeat + 1} of ${repeats}`);
      const job = { arch, guest, kernel: kernel.name, n: samples.n, rounds };
      const { rounds: seen, failure, rss } = await samples.engine.run(job);
      if (failure !== undefined || seen.length !== rounds) samples.gap = failure ?? 'rounds are missing';
      else take(samples, seen, clock);
      if (rss !== undefined) samples.rss.push(rss);
    }
  }
  compareChecksums(all);
  const whole = all.filter(({ n }) => n === full);
  return {
    arch,
    kernel: kernel.name,
    n: full,
    checksum: whole.find(({ checksum }) => checksum !== undefined)?.checksum ?? '',
    instructions: whole.find(({ instructions }) => instructions !== undefined)?.instructions,
    cells: all.map(cellOf),
  };
}

function take(samples: Samples, rounds: readonly Round[], clock: Clock): void {
  const [first, ...rest] = rounds.map(({ wallMs, cpuMs }) => (clock === 'cpu' ? cpuMs : wallMs));
  samples.cold.push(first!);
  samples.steady.push(...(rest.length > 0 ? rest : [first!]));
  const last = rounds.at(-1)!;
  if (last.instructions !== undefined) samples.instructions = last.instructions;
  for (const { checksum } of rounds) {
    samples.checksum ??= checksum;
    if (samples.checksum !== checksum) samples.gap = `checksums differ from round to round: ${checksum}`;
  }
}

/** A wrong machine cannot win: an engine whose checksum is not that of the majority of its peers has no figure. */
function compareChecksums(all: readonly Samples[]): void {
  for (const n of new Set(all.map((samples) => samples.n))) {
    const peers = all.filter((samples) => samples.n === n && samples.checksum !== undefined);
    const votes = new Map<string, number>();
    for (const { checksum } of peers) votes.set(checksum!, (votes.get(checksum!) ?? 0) + 1);
    const [agreed] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [];
    for (const samples of peers) {
      if (samples.checksum !== agreed) samples.gap ??= `wrong checksum ${samples.checksum}, others have ${agreed}`;
    }
  }
}

function cellOf({ engine, n, steady, cold, rss, instructions, gap }: Samples): Cell {
  const failed = gap !== undefined || steady.length === 0;
  return {
    engine: engine.name,
    n,
    steadyMs: failed ? Number.NaN : median(steady),
    coldMs: failed ? Number.NaN : median(cold),
    spread: failed ? Number.NaN : spread(steady),
    samples: steady,
    ...(instructions === undefined ? {} : { instructions }),
    ...(rss.length === 0 ? {} : { rss: Math.max(...rss) }),
    ...(gap === undefined ? {} : { gap }),
  };
}

/** Millions of guest instructions a second; NaN where time or count is missing. */
export function mips(row: Row, cell: Cell, which: 'steadyMs' | 'coldMs'): number {
  const count = cell.instructions ?? (row.instructions ?? Number.NaN) * (cell.n / row.n);
  return count / cell[which] / 1000;
}
