import type { EngineName } from './engine.ts';
import type { Row } from './measure.ts';
import { cell, type Report } from './report.ts';

const COLOURS: Readonly<Record<EngineName, string>> = {
  native: '#555555',
  kvm: '#1b7f5c',
  jit: '#2f6fde',
  interp: '#e08a1e',
  eval: '#b03a5b',
};
const LABELS: Readonly<Record<EngineName, string>> = {
  native: 'the host itself',
  kvm: 'kvm',
  jit: 'tcg, emitted code',
  interp: 'tcg, interpreter',
  eval: 'tcg, reference',
};
const WIDTH = 1000;
const BAR = 8;
const TOP = 90;
const BOTTOM = 60;
/** Where bars begin, so that 1 can be seen. */
const SHORTEST = 0.5;
const PANELS = [
  { bits: 64, left: 90 },
  { bits: 32, left: 580 },
] as const;
const PANEL_WIDTH = 370;

/** A chart and its size in pixels. */
export interface Chart {
  /** Option object of ECharts. */
  readonly option: Record<string, unknown>;
  readonly width: number;
  readonly height: number;
}

/**
 * Bars on a logarithmic scale: how many times as long each engine took as the fastest of its row; a panel for each
 * width of code.
 */
export function chartOf({ rows, engines, host, date, version }: Report): Chart {
  const shown = rows.filter(({ cells }) => cells.some(({ ns }) => Number.isFinite(ns)));
  const names = [...new Set(shown.map(({ name }) => name))];
  const rowHeight = engines.length * BAR + 8;
  const height = TOP + names.length * rowHeight + BOTTOM;
  const place = PANELS.map(({ left }) => ({ left, top: TOP, width: PANEL_WIDTH, height: height - TOP - BOTTOM }));
  const option = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    title: {
      text: 'How many times as long as the fastest of each row',
      subtext: `emu ${version}, ${host.cpu}, ${host.cores} cores, Node ${host.node}, ${date.slice(0, 10)}; KVM: ${host.kvm.replace(/[:(].*/s, '').trim()}`,
      left: 'center',
      textStyle: { fontSize: 16 },
      subtextStyle: { fontSize: 11 },
    },
    legend: { data: engines.map((name) => LABELS[name]), bottom: 4, itemGap: 36 },
    grid: place,
    xAxis: PANELS.map(({ bits }, gridIndex) => ({
      gridIndex,
      type: 'log',
      min: SHORTEST,
      startValue: SHORTEST,
      name: `${bits}-bit code`,
      nameLocation: 'middle',
      nameGap: 22,
      axisLabel: { formatter: (value: number) => (value < 1 ? '' : String(value)) },
    })),
    yAxis: PANELS.map((_, gridIndex) => ({ gridIndex, type: 'category', inverse: true, data: names })),
    series: PANELS.flatMap(({ bits }, panel) =>
      engines.map((engine) => ({
        type: 'bar',
        name: LABELS[engine],
        xAxisIndex: panel,
        yAxisIndex: panel,
        barWidth: BAR - 1,
        barGap: '10%',
        itemStyle: { color: COLOURS[engine] },
        label: { show: true, position: 'right', fontSize: 8, formatter: labelOf },
        data: names.map((name) =>
          slowness(
            rows.find((row) => row.name === name && row.bits === bits),
            engine,
          ),
        ),
      })),
    ),
  };
  return { option, width: WIDTH, height };
}

const labelOf = ({ value }: { value: number | null }): string =>
  value === null ? '' : value.toFixed(value >= 10 ? 0 : 1);

/** How many times as long as the fastest; null for a gap. */
function slowness(row: Row | undefined, engine: EngineName): number | null {
  if (row === undefined) return null;
  const own = cell(row, engine)?.ns;
  const all = row.cells.map(({ ns }) => ns).filter(Number.isFinite);
  return own === undefined || !Number.isFinite(own) ? null : own / Math.min(...all);
}
