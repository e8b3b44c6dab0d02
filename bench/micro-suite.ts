/* One pass over the micro benchmarks; prints { "group: name": nanoseconds } : node micro-suite.js MS REGEX */
import { Bench } from 'tinybench';
import { deviceCases } from './micro/devices.ts';
import { floatCases } from './micro/floats.ts';
import { frontEndCases } from './micro/front-end.ts';
import { kvmCases } from './micro/kvm.ts';
import { loopCases } from './micro/loops.ts';
import { memoryCases } from './micro/memory.ts';

const [time, pattern] = process.argv.slice(2) as [string, string];
const wanted = new RegExp(pattern);
const cases = [
  ...frontEndCases(),
  ...memoryCases(),
  ...floatCases(),
  ...deviceCases(),
  ...(await kvmCases()),
  ...loopCases(),
];
const bench = new Bench({ time: Number(time), iterations: 5, warmupTime: Number(time) / 2, warmupIterations: 2 });
const units = new Map<string, number>();
for (const { group, name, units: count, run } of cases) {
  const title = `${group}: ${name}`;
  if (!wanted.test(title)) continue;
  units.set(title, count);
  bench.add(title, run);
}
const figures: Record<string, number> = {};
for (const task of bench.runSync()) {
  const { result } = task;
  if (result.state !== 'completed')
    throw new Error(`${task.name}: ${'error' in result ? result.error.message : result.state}`);
  figures[task.name] = (result.latency.p50 * 1e6) / units.get(task.name)!;
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
