import type { Engine, EngineName } from './engine.ts';
import type { HostTools } from './linux-workloads.ts';
import { measure, type Row } from './measure.ts';
import { linuxTasks, romTasks, type Task } from './tasks.ts';

/** What is to be run. */
export interface Plan {
  readonly engines: readonly EngineName[];
  /** Rows by their title, `integer/64`; undefined: a whole run, which ends within three minutes. */
  readonly filter: RegExp | undefined;
}

/** All tasks that a plan asks for. */
export function plannedTasks({ filter }: Plan, tools: HostTools): Task[] {
  const all = [...romTasks(), ...linuxTasks(tools)];
  // Every guest more makes a whole run a minute longer.
  if (filter === undefined) return all.filter(({ title }) => !title.endsWith('/i386'));
  return all.filter(({ title }) => filter.test(title));
}

/**
 * Milliseconds from the start after which a whole run takes no more samples in the built-in guest, boots no more, and
 * takes no more samples in Debian.
 */
const LIMITS = { rom: 100_000, boot: 130_000, linux: 162_000 } as const;

/**
 * Runs tasks on engines. The built-in guest's workloads come first, all in turn; then each Debian guest: its boot, and
 * what runs in the guest that was booted.
 */
export async function runTasks(
  tasks: readonly Task[],
  engines: readonly Engine[],
  progress: (text: string) => void,
  elapsedMs: () => number = () => 0,
): Promise<Row[]> {
  const rows: Row[] = [];
  const over = (limit: number) => () => elapsedMs() > limit;
  const rom = tasks.filter(({ group }) => group !== 'linux');
  rows.push(...(await measure(rom, engines, progress, over(LIMITS.rom))));
  for (const bits of [64, 32] as const) {
    const linux = tasks.filter((task) => task.group === 'linux' && task.bits === bits);
    const [boots, rest] = [linux.filter(({ name }) => name === 'boot'), linux.filter(({ name }) => name !== 'boot')];
    rows.push(...(await measure(boots, engines, progress, over(LIMITS.boot))));
    rows.push(...(await measure(rest, engines, progress, over(LIMITS.linux))));
  }
  return rows;
}
