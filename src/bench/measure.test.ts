import { expect, test } from 'vitest';
import { type Engine, type EngineName, Gap, type Job } from './engine.ts';
import { measure, NO_TIME } from './measure.ts';
import { type Report, tables, wrongResults } from './report.ts';
import { romTasks } from './tasks.ts';

const RIGHT = '0000001234567890';
const task = { ...romTasks()[0]!, iterations: 1000, runs: () => 2, expected: RIGHT, samples: 3 };

/** An engine that gives these results one after the other, the last for ever; it takes `ms` milliseconds and keeps a log. */
function fake(name: EngineName, ms: readonly number[], result: string | Error, log: string[] = []): Engine {
  let n = 0;
  return {
    name,
    run: async (job: Job) => {
      log.push(`${name} ${job.kind}`);
      if (result instanceof Error) throw result;
      return { ms: ms[Math.min(n++, ms.length - 1)]!, result };
    },
    close: async () => {},
  };
}

const report = (rows: Report['rows'], engines: readonly EngineName[]): Report => ({
  version: '1',
  date: '2026-01-01',
  command: 'emu bench',
  host: { cpu: 'CPU', cores: 1, system: 'Linux', node: 'v20', kvm: 'none', load: 0 },
  seconds: 1,
  engines,
  rows,
});

test('samples are nanoseconds per iteration, without the warm-up', async () => {
  const [row] = await measure([task], [fake('interp', [99, 2, 4, 3], RIGHT)], () => {});
  expect(row!.cells[0]).toMatchObject({ engine: 'interp', samples: [1000, 2000, 1500], ns: 1500 });
  expect(row!.cells[0]!.spread).toBeCloseTo(1 / 3);
});

test('emitted code is warmed up longer, and engines take turns', async () => {
  const log: string[] = [];
  await measure([task], [fake('jit', [1], RIGHT, log), fake('interp', [1], RIGHT, log)], () => {});
  const names = log.map((line) => line.split(' ')[0]);
  expect(names.slice(0, 4)).toEqual(['jit', 'jit', 'jit', 'interp']);
  expect(names.slice(4)).toEqual(['interp', 'jit', 'jit', 'interp', 'interp', 'jit']);
});

test('a machine that computes something wrong has no figure, however fast it is', async () => {
  const log: string[] = [];
  const engines = [fake('kvm', [0.001], '0000001234567891', log), fake('interp', [2], RIGHT)];
  const rows = await measure([task], engines, () => {});
  expect(rows[0]!.cells[0]).toMatchObject({ samples: [], ns: Number.NaN, wrong: true });
  expect(log).toHaveLength(1);
  expect(wrongResults(rows)).toBe(true);
  const text = tables(report(rows, ['kvm', 'interp']));
  expect(text).toMatch(/^integer +64 +- +1\.00 us ±0% +step$/m);
  expect(text).toContain(`- kvm: wrong result 0000001234567891, it should be ${RIGHT}`);
});

test('a gap names its reason, and is not a wrong result', async () => {
  const rows = await measure([task], [fake('kvm', [], new Gap('/dev/kvm is not there'))], () => {});
  expect(wrongResults(rows)).toBe(false);
  expect(tables(report(rows, ['kvm']))).toContain('- kvm: /dev/kvm is not there\n');
});

test('an error of the program itself is not a gap', async () => {
  await expect(measure([task], [fake('kvm', [], new TypeError('x'))], () => {})).rejects.toThrow('x');
});

test('samples that are far apart are marked, ratios are of medians', async () => {
  const rows = await measure([task], [fake('kvm', [0, 2], RIGHT), fake('jit', [0, 0, 0, 4, 20, 30], RIGHT)], () => {});
  const text = tables(report(rows, ['kvm', 'jit']));
  expect(text).toMatch(/^integer +64 +1\.00 us ±0% +10\.0 us ±80%! +10\.0 +step$/m);
  expect(text).toContain('this figure is not to be trusted');
});

test('when time is out, what was measured stands and the rest is a gap', async () => {
  let samples = 0;
  const { run, ...rest } = fake('interp', [1], RIGHT);
  const slow: Engine = {
    ...rest,
    run: (job) => {
      samples++;
      return run(job);
    },
  };
  const rows = await measure(
    [task, { ...task, title: 'late/64' }],
    [slow],
    () => {},
    () => samples >= 3,
  );
  expect(rows.map(({ cells }) => [cells[0]!.samples.length, cells[0]!.gap])).toEqual([
    [1, undefined],
    [0, NO_TIME],
  ]);
});
