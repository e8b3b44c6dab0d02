import { geometricMean, median, spread } from '../../src/bench/statistics.ts';
import type { GuestArch } from '../../src/host/pull/pull-debian.ts';
import type { Engine } from './engines.ts';
import { align } from './report.ts';
import type { Round } from './rounds.ts';
import { workGuest } from './work-guest.ts';
import { WORK, type Work } from './work-table.ts';

/** What the engines made of one program. */
export interface WorkRow {
  readonly name: string;
  /** By engine; milliseconds of rounds after the first of each process. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Millions of guest instructions of a round, where a machine counted them. */
  readonly instructions: number | undefined;
}

/**
 * Programs of Debian inside its guest, on each engine in turn: one boot does all of them.
 *
 * @throws Error when a guest does not come to its end, or engines do not agree in what came out
 */
export async function measureWork(
  engines: readonly Engine[],
  arch: GuestArch,
  filter: RegExp,
  repeats: number,
  rounds: number,
  progress: (text: string) => void,
): Promise<WorkRow[]> {
  const works = WORK.filter(({ name }) => filter.test(name));
  const job = await workGuest(arch, works, rounds);
  const seen = new Map(engines.map(({ name }) => [name, [] as (readonly Round[])[]]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (let k = 0; k < engines.length; k++) {
      const engine = engines[(k + repeat) % engines.length]!;
      if (engine.work === undefined || engine.gap(arch) !== undefined) continue;
      progress(`work in ${arch}: ${engine.name}, ${repeat + 1} of ${repeats}`);
      const report = await engine.work(job);
      const failure = report.failure ?? (report.rounds.length === works.length * rounds ? undefined : 'rounds missing');
      if (failure !== undefined) throw new Error(`${engine.name}: ${failure}`);
      seen.get(engine.name)!.push(report.rounds);
    }
  }
  return works.map((work, n) => rowOf(work, seen, n * rounds, rounds));
}

function rowOf({ name }: Work, seen: ReadonlyMap<string, (readonly Round[])[]>, from: number, rounds: number): WorkRow {
  const samples: Record<string, number[]> = {};
  const checksums = new Set<string>();
  let instructions: number | undefined;
  for (const [engine, processes] of seen) {
    for (const all of processes) {
      const own = all.slice(from, from + rounds);
      for (const { checksum } of own) checksums.add(checksum);
      instructions = own.at(-1)!.instructions ?? instructions;
      (samples[engine] ??= []).push(...own.slice(1).map(({ wallMs }) => wallMs));
    }
  }
  if (checksums.size > 1) throw new Error(`${name} has several checksums: ${[...checksums].join(', ')}`);
  return { name, samples, instructions: instructions === undefined ? undefined : instructions / 1e6 };
}

/** Milliseconds of each program, and how fast the others are beside QEMU. */
export function workTable(rows: readonly WorkRow[]): string {
  const engines = Object.keys(rows[0]?.samples ?? {});
  const others = engines.includes('qemu') ? engines.filter((name) => name !== 'qemu') : [];
  const ratio = ({ samples }: WorkRow, name: string) => median(samples.qemu!) / median(samples[name]!);
  const body = rows.map((row) => [
    row.name,
    row.instructions?.toFixed(0) ?? '-',
    ...engines.map(
      (name) => `${median(row.samples[name]!).toFixed(0)} ±${(spread(row.samples[name]!) * 100).toFixed(0)}%`,
    ),
    ...others.map((name) => ratio(row, name).toFixed(2)),
  ]);
  const mean = (name: string) => geometricMean(rows.map((row) => ratio(row, name))).toFixed(2);
  return align([
    ['program', 'Minstr', ...engines.map((name) => `${name} ms`), ...others.map((name) => `${name}/qemu`)],
    ...body,
    ['mean', '', ...engines.map(() => ''), ...others.map(mean)],
  ]);
}
