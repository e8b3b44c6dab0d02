import { parseArgs } from 'node:util';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { makeCase } from './generate.ts';
import { Court, openCourts, type Totals } from './referee.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/**
 * The referee: random instructions on the host's processor and on our CPU. `--cases 1000000`, `--tier interp|eval|jit`
 * (given several times: several), `--seed N`, `--row MNEMONIC`, `--world 64-bit|compatibility`, `--case N` for one case of a seed.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '50000' },
    tier: { type: 'string', multiple: true, default: ['interp'] },
    seed: { type: 'string' },
    row: { type: 'string' },
    world: { type: 'string' },
    case: { type: 'string' },
    most: { type: 'string', default: '10' },
  },
});
const tiers = values.tier as Tier[];
for (const tier of tiers) if (!['eval', 'interp', 'jit'].includes(tier)) usage(`there is no tier "${tier}"`);
const seed = values.seed === undefined ? Date.now() & 0x7fffffff : number('seed', values.seed);
const count = number('cases', values.cases);

function usage(message: string): never {
  console.error(`referee: ${message}`);
  process.exit(2);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) usage(`--${name} wants a whole number, not "${text}"`);
  return value;
}

function tell(court: Court, totals: Totals, ms: number): void {
  const { time, expected } = totals;
  const rate = Math.round((totals.cases / ms) * 1000);
  const parts = Object.entries(time).map(([name, part]) => `${name} ${(part / 1000).toFixed(1)} s`);
  console.log(
    `${court.world.name} by ${court.silicon.name}: ${totals.cases} cases on ${tiers.join(', ')}, ${court.rows.length} rows, ` +
      `${totals.failures.length} failed, ${totals.disturbed} disturbed, ${rate} cases/s (${parts.join(', ')})`,
  );
  for (const [entry, hits] of [...expected].sort((a, b) => b[1] - a[1])) {
    console.log(`  expected ${String(hits).padStart(7)}  ${entry.reason}`);
  }
}

console.log(`seed ${seed}`);
let failed = 0;
const courts = await openCourts();
const chosen = [...courts].filter(([world]) => values.world === undefined || values.world === world.name);
if (chosen.length === 0)
  usage(`there is no world "${values.world}": ${[...courts.keys()].map((w) => w.name).join(', ')}`);
for (const [world, court] of chosen) {
  if (!(court instanceof Court)) {
    console.log(`${world.name}: not judged: ${court}`);
    continue;
  }
  const rows = court.rows.filter(
    ({ mnemonic }) => values.row === undefined || mnemonic.split('/').includes(values.row),
  );
  const start = performance.now();
  const [from, length] =
    values.case === undefined ? [0, Math.ceil(count / chosen.length)] : [number('case', values.case), 1];
  const totals = court.run(seed, from, length, tiers, rows, number('most', values.most));
  for (const failure of totals.failures) {
    failed++;
    const { tier } = failure;
    const one =
      values.case === undefined ? shrink(failure.one, (candidate) => court.fails(candidate, tier)) : failure.one;
    console.log(report(court.retry(one, tier), seed));
  }
  if (values.case !== undefined && totals.failures.length === 0) {
    const one = makeCase(seed, from, world, rows);
    console.log(report(court.retry(one, tiers[0]!), seed));
  }
  tell(court, totals, performance.now() - start);
  court.close();
}
process.exitCode = failed === 0 ? 0 : 1;
