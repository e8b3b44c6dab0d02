import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { TEST_TIERS, type TestTier } from '../support/tiers.ts';
import { makeCase } from './generate.ts';
import { Court, openCourts, type Totals } from './referee.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/** The referee: random instructions on the host's processor and on our CPU. */
const options = yargs(hideBin(process.argv))
  .scriptName('referee')
  .usage("Usage: npm run referee -- [options]\n\nRandom instructions on the host's processor and on emu's.")
  .options({
    cases: { type: 'number', default: 50_000, describe: 'cases, shared by the worlds' },
    tier: {
      array: true,
      choices: TEST_TIERS,
      default: ['interp'] as TestTier[],
      describe: 'tiers that run the cases; js: jit with JavaScript for 64-bit code',
    },
    seed: {
      type: 'number',
      default: Date.now() & 0x7fffffff,
      defaultDescription: 'the time',
      describe: 'of the cases',
    },
    row: { type: 'string', describe: 'only rows of this mnemonic' },
    world: { type: 'string', describe: 'only this world: 64-bit, compatibility, ...' },
    case: { type: 'number', describe: 'only this case of the seed, shown whole' },
    most: { type: 'number', default: 10, describe: 'failures after which it gives up' },
  })
  .example('npm run referee -- --cases 1000000 --seed 7', 'a long run that can be made again')
  .check((given) => {
    for (const name of ['cases', 'seed', 'case', 'most'] as const) {
      const value = given[name];
      if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
        throw new Error(`--${name} wants a whole number from 0 on`);
    }
    return true;
  })
  .strict()
  .version(false)
  .parseSync();
const { seed, tier: tiers } = options;

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
const chosen = [...courts].filter(([world]) => options.world === undefined || options.world === world.name);
if (chosen.length === 0) {
  console.error(`there is no world "${options.world}": ${[...courts.keys()].map((w) => w.name).join(', ')}`);
  process.exit(2);
}
for (const [world, court] of chosen) {
  if (!(court instanceof Court)) {
    console.log(`${world.name}: not judged: ${court}`);
    continue;
  }
  const rows = court.rows.filter(
    ({ mnemonic }) => options.row === undefined || mnemonic.split('/').includes(options.row),
  );
  const start = performance.now();
  const [from, length] = options.case === undefined ? [0, Math.ceil(options.cases / chosen.length)] : [options.case, 1];
  const totals = court.run(seed, from, length, tiers, rows, options.most);
  for (const failure of totals.failures) {
    failed++;
    const { tier } = failure;
    const one =
      options.case === undefined ? shrink(failure.one, (candidate) => court.fails(candidate, tier)) : failure.one;
    const plain = court.retry(one, tier);
    // What comes and goes is shown as it was seen.
    console.log(report(plain.found.length > 0 ? plain : failure, seed));
  }
  if (options.case !== undefined && totals.failures.length === 0) {
    const one = makeCase(seed, from, world, rows);
    console.log(report(court.retry(one, tiers[0]!), seed));
  }
  tell(court, totals, performance.now() - start);
  court.close();
}
process.exitCode = failed === 0 ? 0 : 1;
