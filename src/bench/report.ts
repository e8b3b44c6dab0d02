import type { EngineName } from './engine.ts';
import type { Cell, Row } from './measure.ts';
import { geometricMean } from './statistics.ts';

/** Where and when; figures of different hosts are not compared. */
export interface Host {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly node: string;
  /** Kind of this host's KVM, or why there is none. */
  readonly kvm: string;
  /** Load average of the last minute, before the run. */
  readonly load: number;
}

/** Everything that a run of `emu bench` found, as `--json` writes it. Times in nanoseconds per iteration. */
export interface Report {
  readonly version: string;
  readonly date: string;
  readonly command: string;
  readonly host: Host;
  readonly seconds: number;
  readonly engines: readonly EngineName[];
  readonly rows: readonly Row[];
}

/** Spread above which a figure is marked. */
const NOISY = 0.2;

const GROUPS = {
  compute: 'Programs in ring 3',
  exits: 'Ways out of ring 3',
  linux: 'Debian',
} as const;

/** Pairs of which the first took `a/b` times as long as the second: what acceleration, emulation, emission are worth. */
const PAIRS: readonly (readonly [EngineName, EngineName])[] = [
  ['kvm', 'native'],
  ['jit', 'kvm'],
  ['interp', 'jit'],
  ['eval', 'interp'],
];

/** Tables as text, one for each group, and what is missing. */
export function tables({ engines, rows, host, date, version, seconds }: Report): string {
  const pairs = PAIRS.filter((pair) => pair.every((name) => engines.includes(name)));
  const groups = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => {
    const some = rows.filter((row) => row.group === group);
    if (some.length === 0) return '';
    const head = [GROUPS[group], 'bits', ...engines, ...pairs.map(([a, b]) => `${a}/${b}`), 'per'];
    const body = some.map((row) => [
      row.name,
      String(row.bits),
      ...engines.map((name) => time(cell(row, name))),
      ...pairs.map(([a, b]) => factor(ratio(row, a, b))),
      row.unit,
    ]);
    return `${align([head, ...body, ...means(some, engines, pairs)])}\n\n`;
  });
  const noisy = rows.some(({ cells }) => cells.some(({ spread }) => spread > NOISY));
  return [
    `emu ${version} on ${host.cpu}, ${host.cores} cores, ${host.system}, Node ${host.node}; ${date}\n`,
    `KVM: ${host.kvm}. Load before the run: ${host.load.toFixed(1)}; the run took ${seconds.toFixed(0)} s.\n\n`,
    ...groups,
    "Time for one unit of the same fixed work, by the host's clock: median, within whose ± all samples lie.\n",
    'a/b: how many times as long a took as b. Means are geometric.\n',
    noisy ? '! more than 20 %: this figure is not to be trusted.\n' : '',
    gaps(rows),
  ].join('');
}

export const cell = (row: Row, name: EngineName): Cell | undefined => row.cells.find(({ engine }) => engine === name);

/** How many times as long `a` took as `b`; NaN when one of them has no figure. */
const ratio = (row: Row, a: EngineName, b: EngineName): number =>
  (cell(row, a)?.ns ?? Number.NaN) / (cell(row, b)?.ns ?? Number.NaN);

/** Whether a machine computed something wrong. */
export const wrongResults = (rows: readonly Row[]): boolean =>
  rows.some(({ cells }) => cells.some(({ wrong }) => wrong === true));

function means(rows: readonly Row[], engines: readonly EngineName[], pairs: typeof PAIRS): string[][] {
  return ([64, 32] as const).flatMap((bits) => {
    const some = rows.filter((row) => row.bits === bits && row.name !== 'boot');
    if (some.length < 2) return [];
    const mean = ([a, b]: (typeof PAIRS)[number]): string => {
      const values = some.map((row) => ratio(row, a, b)).filter(Number.isFinite);
      return values.length < 2 ? '-' : factor(geometricMean(values));
    };
    const figures = pairs.map(mean);
    if (figures.every((figure) => figure === '-')) return [];
    return [['mean', String(bits), ...engines.map(() => ''), ...figures, '']];
  });
}

function time(of: Cell | undefined): string {
  if (of === undefined || !Number.isFinite(of.ns)) return '-';
  const share = of.samples.length < 2 ? '' : ` ±${(of.spread * 100).toFixed(0)}%${of.spread > NOISY ? '!' : ''}`;
  return `${duration(of.ns)}${share}`;
}

const UNITS = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
] as const;

/** Three digits and a unit. */
function duration(ns: number): string {
  const [size, unit] = UNITS.find(([limit]) => ns >= limit) ?? UNITS[3];
  const value = ns / size;
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

function factor(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 10 ? value.toFixed(value >= 100 ? 0 : 1) : value.toPrecision(value >= 1 ? 3 : 2);
}

function align(lines: readonly (readonly string[])[]): string {
  const last = lines[0]!.length - 1;
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const pad = (text: string, column: number): string =>
    column === last ? text : column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** Why figures are missing, one line for each reason. */
function gaps(rows: readonly Row[]): string {
  const reasons = new Map<string, string[]>();
  for (const { title, cells } of rows) {
    for (const { engine, gap } of cells) {
      if (gap === undefined) continue;
      const key = `${engine}: ${gap}`;
      reasons.set(key, [...(reasons.get(key) ?? []), title]);
    }
  }
  return [...reasons]
    .map(([reason, titles]) => `- ${reason}${titles.length === rows.length ? '' : ` (${titles.join(', ')})`}\n`)
    .join('');
}
