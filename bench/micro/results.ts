import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { geometricMean, median, spread } from '../../src/bench/statistics.ts';

const FOLDER = join(import.meta.dirname, '..', 'results');

/** A single case has changed when it moved by more than this, a group when its geometric mean did. */
const CASE_LIMIT = 1.2;
const GROUP_LIMIT = 1.1;

export interface Figure {
  /** Nanoseconds per unit of work: the best pass. */
  readonly ns: number;
  /** How far the farthest pass is from the median, as a share of it. */
  readonly spread: number;
}

export interface Results {
  readonly commit: string;
  readonly date: string;
  /** Figures are compared only where both of these are equal. */
  readonly cpu: string;
  readonly node: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

export const host = (): { readonly cpu: string; readonly node: string } => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  node: process.version,
});

/** Figures from passes: the least time is the one that other processes disturbed least. */
export function combine(passes: readonly Readonly<Record<string, number>>[]): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  for (const name of Object.keys(passes[0]!)) {
    const values = passes.map((pass) => pass[name]!);
    figures[name] = { ns: round(Math.min(...values)), spread: round(spread(values)) };
  }
  return figures;
}

const round = (value: number): number => Number(value.toPrecision(4));

export interface Change {
  readonly name: string;
  /** New time over old time. */
  readonly ratio: number;
}

/** Cases and groups (whose names end in `: all`) that moved beyond the limits, the worst first. */
export function compare(before: Results, after: Results): Change[] {
  const changes: Change[] = [];
  const groups = new Map<string, number[]>();
  for (const [name, { ns }] of Object.entries(after.figures)) {
    const old = before.figures[name];
    if (old === undefined) continue;
    const ratio = ns / old.ns;
    const group = name.slice(0, name.indexOf(':'));
    groups.set(group, [...(groups.get(group) ?? []), ratio]);
    if (beyond(ratio, CASE_LIMIT)) changes.push({ name, ratio });
  }
  for (const [group, ratios] of groups) {
    const ratio = geometricMean(ratios);
    if (ratios.length > 1 && beyond(ratio, GROUP_LIMIT)) changes.push({ name: `${group}: all`, ratio });
  }
  return changes.sort((a, b) => b.ratio - a.ratio);
}

const beyond = (ratio: number, limit: number): boolean => ratio > limit || ratio < 1 / limit;

/** Keeps results by commit and machine; results of an earlier run of the same are replaced. */
export function save(results: Results): string {
  const machine = createHash('sha256').update(`${results.cpu}\n${results.node}`).digest('hex').slice(0, 8);
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${results.commit}-${machine}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

/** The newest results of this machine. */
export function last(cpu: string, node: string): Results | undefined {
  let files: string[] = [];
  try {
    files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  } catch {
    // No results yet.
  }
  return files
    .map((name) => read(join(FOLDER, name)))
    .filter((results) => results.cpu === cpu && results.node === node)
    .sort((a, b) => (a.date < b.date ? 1 : -1))[0];
}

export const read = (file: string): Results => JSON.parse(readFileSync(file, 'utf8')) as Results;

/** Cases by group, as text. */
export function table(figures: Readonly<Record<string, Figure>>): string {
  const names = Object.keys(figures);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const { ns, spread: share } = figures[name]!;
    return `${name.padEnd(width)} ${ns.toPrecision(4).padStart(10)} ns${share === 0 ? '' : ` ±${(share * 100).toFixed(0)}%`}`;
  });
  const noise = median(names.map((name) => figures[name]!.spread));
  const note = noise === 0 ? '' : `Typical spread between the passes: ±${(noise * 100).toFixed(0)}%\n`;
  return `${lines.join('\n')}\n${note}`;
}
