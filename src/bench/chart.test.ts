import { expect, test } from 'vitest';
import { drawSvg, loadCharts } from '../host/svg.ts';
import { chartOf } from './chart.ts';
import type { Report } from './report.ts';

const cell = (engine: 'kvm' | 'jit', ns: number) => ({ engine, ns, samples: [ns], spread: 0 });
const row = (name: string, kvm: number, jit: number) => ({
  title: `${name}/64`,
  name,
  bits: 64 as const,
  group: 'compute' as const,
  what: '',
  unit: 'step',
  iterations: 1,
  cells: [cell('kvm', kvm), cell('jit', jit)],
});
const report: Report = {
  version: '1',
  date: '2026-01-01T00:00:00Z',
  command: 'emu bench',
  host: { cpu: 'CPU', cores: 1, system: 'Linux', node: 'v20', kvm: 'Intel VT-x', load: 0 },
  seconds: 1,
  engines: ['kvm', 'jit'],
  rows: [row('integer', 2, 30), row('calls', Number.NaN, 5)],
};

test('a bar is how many times as long as the fastest took; a gap has none', () => {
  const { option } = chartOf(report) as unknown as { option: { series: { data: (number | null)[] }[] } };
  expect(option.series.map(({ data }) => data)).toEqual([
    [1, null],
    [15, 1],
    [null, null],
    [null, null],
  ]);
});

test('the chart is drawn as SVG with its names in it', async () => {
  const { option, width, height } = chartOf(report);
  const svg = drawSvg(await loadCharts(), option, width, height);
  expect(svg).toMatch(/^<svg width="1000"/);
  for (const text of ['integer', 'calls', 'tcg, emitted code', 'Intel VT-x']) expect(svg).toContain(text);
});
