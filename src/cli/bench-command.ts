import { KvmError } from '../accel/kvm/kvm-error.ts';
import { chartOf } from '../bench/chart.ts';
import type { Engine, EngineName } from '../bench/engine.ts';
import { NO_TIME } from '../bench/measure.ts';
import { NativeEngine } from '../bench/native-engine.ts';
import { ProcessEngine } from '../bench/process-engine.ts';
import { type Report, tables, wrongResults } from '../bench/report.ts';
import { plannedTasks, runTasks } from '../bench/run.ts';
import { checkOutput, packageVersion, writeOutput } from '../host/files.ts';
import { hostInfo, sha256 } from '../host/host-info.ts';
import { drawSvg, loadCharts } from '../host/svg.ts';
import { benchPlan } from './bench-settings.ts';
import { ENDING_SIGNALS } from './exit-status.ts';
import type { BENCH_OPTIONS, Values } from './options.ts';
import { UsageError } from './usage-error.ts';

/** The program that runs guests for this one: beside this file, in sources and build alike. */
const WORKER = import.meta.filename.replace(/bench-command(\.\w+)$/, 'bench-worker$1');

const JSON_FILE = 'JSON file';
const SVG_FILE = 'SVG file';
/** A whole run ends after this, whatever the host is busy with. */
const LONGEST_MS = 170_000;

/** `emu bench`: resolves with the exit status, 1 when a machine computed something wrong. @throws UsageError, FileError */
export async function bench(values: Values<typeof BENCH_OPTIONS>): Promise<number> {
  const plan = benchPlan(values);
  const tasks = plannedTasks(plan, { sha256 });
  if (tasks.length === 0) throw new UsageError(`--filter ${values.filter}: no workload has such a name`);
  const charts = values.svg === undefined ? undefined : await loadCharts();
  // Files that cannot be written are found before the work, not after it.
  const { json, svg } = values;
  if (json !== undefined) checkOutput(json, JSON_FILE);
  if (svg !== undefined) checkOutput(svg, SVG_FILE);
  const host = { ...hostInfo(), kvm: await kvmKind() };
  const engines = plan.engines.map(startEngine);
  const started = performance.now();
  for (const [name, number] of Object.entries(ENDING_SIGNALS)) process.on(name, () => process.exit(128 + number));
  process.on('exit', () => void engines.forEach((engine) => void engine.close()));
  const elapsedMs = (): number => performance.now() - started;
  const whole = plan.filter === undefined;
  const last = setTimeout(() => whole && engines.forEach(giveUp), LONGEST_MS);
  const rows = await runTasks(tasks, engines, progress, whole ? elapsedMs : undefined);
  clearTimeout(last);
  progress('');
  await Promise.all(engines.map((engine) => engine.close()));
  const report: Report = {
    version: await packageVersion(),
    date: new Date().toISOString(),
    command: ['emu', ...process.argv.slice(2)].join(' '),
    host,
    seconds: elapsedMs() / 1000,
    engines: plan.engines,
    rows,
  };
  process.stdout.write(tables(report));
  if (json !== undefined) await writeOutput(json, JSON_FILE, `${JSON.stringify(report, null, 1)}\n`);
  if (svg !== undefined && charts !== undefined) {
    const { option, width, height } = chartOf(report);
    await writeOutput(svg, SVG_FILE, `${drawSvg(charts, option, width, height)}\n`);
  }
  if (!wrongResults(rows)) return 0;
  process.stderr.write('emu: a result is wrong: see the gaps below the table\n');
  return 1;
}

function giveUp(engine: Engine): void {
  if (engine instanceof ProcessEngine) engine.giveUp(NO_TIME);
}

const startEngine = (name: EngineName): Engine =>
  name === 'native' ? new NativeEngine() : new ProcessEngine(WORKER, name);

/** One line that is written over; nothing where nobody looks. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function kvmKind(): Promise<string> {
  try {
    const { openKvm } = await import('../accel/kvm/system.ts');
    const { KINDS } = await import('../accel/kvm/describe.ts');
    const system = await openKvm();
    const { kind } = system;
    system.close();
    return KINDS[kind];
  } catch (error) {
    if (error instanceof KvmError) return `none (${error.message})`;
    throw error;
  }
}
