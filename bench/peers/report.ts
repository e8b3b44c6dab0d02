import { geometricMean } from '../../src/bench/statistics.ts';
import { KERNELS } from './kernel-table.ts';
import { type Cell, mips, type Row } from './measure.ts';

/** Spread above which a figure is marked as noise. */
const NOISY = 0.2;

/** The table of one architecture as text. */
export function table(rows: readonly Row[], engines: readonly string[]): string {
  const pairs = ratioPairs(engines);
  const head = [
    'kernel',
    'Minstr',
    ...engines,
    ...pairs.map(([a, b]) => `${a}/${b}`),
    ...pairs.map(([a, b]) => `cold ${a}/${b}`),
  ];
  const body = rows.map((row) => [
    row.kernel,
    row.instructions === undefined ? '-' : (row.instructions / 1e6).toFixed(0),
    ...engines.map((name) => speed(row, cell(row, name))),
    ...pairs.map(([a, b]) => figure(ratio(row, a, b, 'steadyMs'))),
    ...pairs.map(([a, b]) => figure(ratio(row, a, b, 'coldMs'))),
  ]);
  const means = (['integer', 'wide', 'float'] as const).flatMap((kind) => {
    const some = rows.filter(({ kernel }) => KERNELS.some(({ name, kind: own }) => name === kernel && own === kind));
    return some.length < 2 ? [] : [meanRow(`mean, ${kind}`, some, engines, pairs)];
  });
  const all = rows.length < 2 ? [] : [meanRow('mean, all', rows, engines, pairs)];
  return `${align([head, ...body, ...means, ...all])}\n${gaps(rows)}`;
}

type Pair = readonly [string, string];

/** Emitted code against each of the others; a baseline build counts as another. */
function ratioPairs(engines: readonly string[]): readonly Pair[] {
  if (!engines.includes('jit')) return [];
  return engines.filter((name) => name !== 'jit').map((name) => ['jit', name] as const);
}

const cell = (row: Row, name: string): Cell => row.cells.find(({ engine }) => engine === name)!;

function ratio(row: Row, a: string, b: string, which: 'steadyMs' | 'coldMs'): number {
  return mips(row, cell(row, a), which) / mips(row, cell(row, b), which);
}

function meanRow(title: string, rows: readonly Row[], engines: readonly string[], pairs: readonly Pair[]): string[] {
  const mean = (which: 'steadyMs' | 'coldMs') => (pair: Pair) => {
    const values = rows.map((row) => ratio(row, ...pair, which)).filter(Number.isFinite);
    if (values.length === 0) return '-';
    const missing = rows.length - values.length;
    return `${figure(geometricMean(values))}${missing > 0 ? ` (of ${values.length})` : ''}`;
  };
  const speeds = engines.map((name) => {
    const values = rows.map((row) => mips(row, cell(row, name), 'steadyMs')).filter(Number.isFinite);
    return values.length === 0 ? '-' : geometricMean(values).toFixed(0);
  });
  return [title, '', ...speeds, ...pairs.map(mean('steadyMs')), ...pairs.map(mean('coldMs'))];
}

function speed(row: Row, of: Cell): string {
  if (of.gap !== undefined) return '-';
  const value = mips(row, of, 'steadyMs');
  const text = Number.isFinite(value) ? value.toFixed(0) : `${of.steadyMs.toFixed(0)} ms`;
  return of.samples.length < 2 ? text : `${text} ±${(of.spread * 100).toFixed(0)}%${of.spread > NOISY ? '!' : ''}`;
}

const figure = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '-');

/** Columns, the first one to the left, the others to the right. */
export function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return lines.map((line) => line.map(pad).join('  ')).join('\n');
}

function gaps(rows: readonly Row[]): string {
  const reasons = new Map<string, string[]>();
  for (const { kernel, cells } of rows) {
    for (const { engine, gap } of cells) {
      if (gap === undefined) continue;
      const key = `${engine}: ${gap}`;
      reasons.set(key, [...(reasons.get(key) ?? []), kernel]);
    }
  }
  return [...reasons]
    .map(([reason, kernels]) => `- ${reason}${kernels.length === rows.length ? '' : ` (${kernels.join(', ')})`}\n`)
    .join('');
}
