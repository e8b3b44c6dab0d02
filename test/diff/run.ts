import { parseArgs } from 'node:util';
import { Tiers } from './compare.ts';
import { generate } from './generate.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/** Runs many random programs: `--seeds 10000`, `--from 0`, `--most 5` failures; each failure is shrunk and told. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '0' },
    most: { type: 'string', default: '5' },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
let tiers = new Tiers();
let failures = 0;
for (let seed = from; seed < from + seeds && failures < Number(values.most); seed++) {
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
