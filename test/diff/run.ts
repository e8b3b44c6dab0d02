import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { Tiers } from './compare.ts';
import { generate } from './generate.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/** Runs many random programs; each failure is shrunk and told. */
const { seeds, from, most } = yargs(hideBin(process.argv))
  .scriptName('diff')
  .usage('Usage: npm run diff -- [options]\n\nRandom programs on all tiers, which must end in the same state.')
  .options({
    seeds: { type: 'number', default: 200, describe: 'programs' },
    from: { type: 'number', default: 0, describe: 'the first seed' },
    most: { type: 'number', default: 5, describe: 'failures after which it gives up' },
  })
  .strict()
  .version(false)
  .parseSync();
let tiers = new Tiers();
let failures = 0;
for (let seed = from; seed < from + seeds && failures < most; seed++) {
  const program = generate(seed);
  const difference = tiers.difference(program);
  if (difference === undefined) continue;
  failures++;
  // Fresh machines: the failure must not hang on programs before it.
  tiers = new Tiers();
  const small = shrink(program, (candidate) => tiers.difference(candidate) !== undefined);
  console.log(report(small, tiers.difference(small) ?? `only behind other programs:\n${difference}`));
}
console.log(`${seeds} seeds from ${from}: ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
