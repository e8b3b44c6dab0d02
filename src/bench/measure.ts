import { type Engine, type EngineName, Gap } from './engine.ts';
import { median, spread } from './statistics.ts';
import type { Task } from './tasks.ts';

/** What one engine made of one task. */
export interface Cell {
  readonly engine: EngineName;
  /** Nanoseconds per iteration, each sample. */
  readonly samples: readonly number[];
  /** Median of the samples; NaN with a gap. */
  readonly ns: number;
  /** How far the farthest sample is from the median, as a share of it. */
  readonly spread: number;
  /** Why there is no figure. */
  readonly gap?: string;
  /** The gap is a wrong checksum: the machine is broken. */
  readonly wrong?: true;
}

export interface Row extends Pick<Task, 'title' | 'name' | 'bits' | 'group' | 'what' | 'unit' | 'iterations'> {
  readonly cells: readonly Cell[];
}

/** The reason of a gap that a whole run leaves when it becomes too long; a filtered run has no such limit. */
export const NO_TIME = 'no time was left: run it alone with --filter';

interface Open {
  readonly engine: Engine;
  readonly samples: number[];
  gap?: string;
  wrong?: true;
}

/**
 * Takes all samples of some tasks: first the ones to warm up, then in passes over all tasks, within each task every
 * engine in turn, from another one on each time. So a slow minute of the host touches one sample of everything instead
 * of all samples of something. When time is out, what has been measured stands, and the rest is a gap.
 */
export async function measure(
  tasks: readonly Task[],
  engines: readonly Engine[],
  progress: (text: string) => void,
  outOfTime: () => boolean = () => false,
): Promise<Row[]> {
  const open = new Map(tasks.map((task) => [task, engines.map((engine) => opened(task, engine))]));
  const passes = Math.max(0, ...tasks.map(({ samples }) => samples));
  for (let pass = 0; pass <= passes; pass++) {
    for (const [task, cells] of open) {
      for (let k = 0; k < cells.length; k++) {
        const cell = cells[(k + pass) % cells.length]!;
        const { name } = cell.engine;
        const count = pass === 0 ? task.warmUp(name) : pass <= task.samples ? 1 : 0;
        if (outOfTime()) {
          if (cell.samples.length === 0) cell.gap ??= NO_TIME;
          continue;
        }
        for (let n = 0; n < count && cell.gap === undefined; n++) {
          progress(`${pass === 0 ? 'warm-up' : `pass ${pass} of ${passes}`}: ${task.title}, ${name}`);
          const ns = await sample(task, cell);
          if (pass > 0 && ns !== undefined) cell.samples.push(ns);
        }
      }
    }
  }
  return tasks.map((task) => rowOf(task, open.get(task)!));
}

function opened(task: Task, engine: Engine): Open {
  const gap = engine.refusal?.(task.job(engine.name));
  return { engine, samples: [], ...(gap === undefined ? {} : { gap }) };
}

/** Nanoseconds per iteration; undefined when the cell has become a gap. */
async function sample(task: Task, cell: Open): Promise<number | undefined> {
  const { name } = cell.engine;
  try {
    const { ms, result } = await cell.engine.run(task.job(name));
    if (result === task.expected) return (ms * 1e6) / (task.runs(name) * task.iterations);
    cell.wrong = true;
    cell.gap = `wrong result ${result}, it should be ${task.expected}`;
  } catch (error) {
    if (!(error instanceof Gap)) throw error;
    cell.gap = error.message;
  }
  return undefined;
}

function rowOf({ title, name, bits, group, what, unit, iterations }: Task, cells: readonly Open[]): Row {
  return { title, name, bits, group, what, unit, iterations, cells: cells.map(cellOf) };
}

function cellOf({ engine, samples, gap, wrong }: Open): Cell {
  const failed = gap !== undefined || samples.length === 0;
  return {
    engine: engine.name,
    samples,
    ns: failed ? Number.NaN : median(samples),
    spread: failed ? Number.NaN : spread(samples),
    ...(gap === undefined ? {} : { gap }),
    ...(wrong === undefined ? {} : { wrong }),
  };
}
