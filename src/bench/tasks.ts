import { GUEST_ARCHITECTURES } from '../host/pull/pull-debian.ts';
import type { EngineName, Job } from './engine.ts';
import { type HostTools, LINUX_WORKLOADS } from './linux-workloads.ts';
import { type Kind, ROM_WORKLOADS, type Width } from './rom-workloads.ts';

/** A row of the table: fixed work, and what a right machine makes of it. */
export interface Task {
  /** `integer/64`, `gzip/amd64`: what a filter looks at. */
  readonly title: string;
  readonly name: string;
  readonly bits: Width;
  readonly group: Kind | 'linux';
  readonly what: string;
  readonly unit: string;
  readonly iterations: number;
  /** Times that one sample does the work. */
  runs(engine: EngineName): number;
  job(engine: EngineName): Job;
  readonly expected: string;
  /** Samples that are not counted, before the others; samples that are. */
  warmUp(engine: EngineName): number;
  readonly samples: number;
}

const SAMPLES = 5;
/** So much longer works what computes on the host's processor, whatever it starts with and ends with being slow. */
const HOST_RUNS = 20;
/** Emitted code is compiled by V8 while it runs, and settles later than the rest. */
const WARM_UP = { jit: 3, other: 1 } as const;
const warmUp = (engine: EngineName): number => (engine === 'jit' ? WARM_UP.jit : WARM_UP.other);

/** The built-in guest's workloads, 64 bit first, then 32. */
export function romTasks(): Task[] {
  return ([64, 32] as const).flatMap((bits) =>
    ROM_WORKLOADS.map((work): Task => {
      const onHost = (engine: EngineName): boolean => engine === 'native' || (engine === 'kvm' && bits === 64);
      const runs = (engine: EngineName): number => {
        if (work.kind === 'compute' && onHost(engine)) return work.runs * HOST_RUNS;
        return engine === 'kvm' ? (work.kvmRuns ?? work.runs) : work.runs;
      };
      return {
        title: `${work.name}/${bits}`,
        name: work.name,
        bits,
        group: work.kind,
        what: work.what,
        unit: work.unit,
        iterations: work.iterations,
        runs,
        job: (engine) => ({ kind: 'rom', workload: work.name, width: bits, runs: runs(engine) }),
        expected: work.checksum[bits],
        warmUp,
        samples: SAMPLES,
      };
    }),
  );
}

/** Boots and programs of Debian. */
export function linuxTasks(tools: HostTools): Task[] {
  return GUEST_ARCHITECTURES.flatMap((arch): Task[] => {
    const bits = arch === 'amd64' ? 64 : 32;
    const common = { bits, group: 'linux', runs: () => 1 } as const;
    return [
      {
        ...common,
        title: `boot/${arch}`,
        name: 'boot',
        what: `Debian's ${arch} kernel to the shell`,
        unit: 'boot',
        iterations: 1,
        job: () => ({ kind: 'boot', arch }),
        expected: 'shell',
        warmUp: () => 0,
        samples: 1,
      },
      ...LINUX_WORKLOADS.map(
        ({ name, what, unit, iterations, expected }): Task => ({
          ...common,
          title: `${name}/${arch}`,
          name,
          what,
          unit,
          iterations,
          job: () => ({ kind: 'command', arch, command: name }),
          expected: expected(tools),
          warmUp,
          samples: SAMPLES,
        }),
      ),
    ];
  });
}
