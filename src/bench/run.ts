import type { Engine, EngineName } from './engine.ts';
import type { HostTools } from './linux-workloads.ts';
import { measure, type Row } from './measure.ts';
import { linuxTasks, romTasks, type Task } from './tasks.ts';

/** What is to be run. */
export interface Plan {
  readonly engines: readonly EngineName[];
  /** Rows by their title, `integer/64`. */
  readonly filter: RegExp;
}

/** All tasks that a plan asks for. */
export const plannedTasks = ({ filter }: Plan, tools: HostTools): Task[] =>
  [...romTasks(), ...linuxTasks(tools)].filter(({ title }) => filter.test(title));

/**
 * Runs tasks on engines. The built-in guest's workloads come first, all in turn; then each Debian guest: its boot, and
 * what runs in the guest that was booted.
 */
export async function runTasks(
  tasks: readonly Task[],
  engines: readonly Engine[],
  progress: (text: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  const rom = tasks.filter(({ group }) => group !== 'linux');
  rows.push(...(await measure(rom, engines, progress)));
  for (const bits of [64, 32] as const) {
    const linux = tasks.filter((task) => task.group === 'linux' && task.bits === bits);
    const [boots, rest] = [linux.filter(({ name }) => name === 'boot'), linux.filter(({ name }) => name !== 'boot')];
    rows.push(...(await measure(boots, engines, progress)), ...(await measure(rest, engines, progress)));
  }
  return rows;
}
