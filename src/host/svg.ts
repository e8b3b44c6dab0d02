import type { init } from 'echarts';
import { FileError } from './files.ts';

interface ECharts {
  readonly init: typeof init;
}

/** Loads the charting library, which does not come with emu. @throws FileError that says how to get it */
export async function loadCharts(): Promise<ECharts> {
  try {
    return await import('echarts');
  } catch {
    throw new FileError('the chart needs the package echarts: npm install echarts beside emu, or leave out --svg');
  }
}

/** Draws an ECharts option as SVG. */
export function drawSvg(charts: ECharts, option: Record<string, unknown>, width: number, height: number): string {
  const chart = charts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
