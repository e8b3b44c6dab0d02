/**
 * Micro benchmarks: what decoding, translation, memory, devices and single operations cost, kept in bench/results
 * and compared with the last results of the same machine.
 *
 *   npx tsx bench/run-micro.ts --quick --filter "interp 32"
 */
import { execFileSync } from 'node:child_process';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { microPass } from './micro/pass.ts';
import { combine, compare, host, last, type Results, read, save, table } from './micro/results.ts';
import { buildEmu } from './peers/build.ts';

function main(): void {
  const values = yargs(hideBin(process.argv))
    .scriptName('bench')
    .usage('Usage: npm run bench -- [options]')
    .options({
      quick: { type: 'boolean', default: false, describe: 'short samples, one pass, nothing is kept' },
      filter: { type: 'string', default: '', describe: 'cases whose "group: name" matches; nothing is kept' },
      passes: { type: 'number', defaultDescription: '3, quick 1', describe: 'processes, the best of which counts' },
      against: { type: 'string', describe: 'compare with the results in this file instead of the last ones' },
    })
    .strict()
    .version(false)
    .parseSync();
  const passes = values.passes ?? (values.quick ? 1 : 3);
  if (!Number.isInteger(passes) || passes < 1)
    throw new Error(`--passes takes a number from 1 on, not ${values.passes}`);
  const build = buildEmu();
  const seen = Array.from({ length: passes }, () => microPass(build, values.quick ? 20 : 100, values.filter));
  if (Object.keys(seen[0]!).length === 0) throw new Error(`no case matches ${values.filter}`);
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const results: Results = { commit, date: new Date().toISOString(), ...host(), figures: combine(seen) };
  process.stdout.write(`${results.cpu}, Node ${results.node}, ${commit}\n${table(results.figures)}`);
  const before = values.against === undefined ? last(results.cpu, results.node) : read(values.against);
  if (before !== undefined) report(before, results);
  if (!values.quick && values.filter === '') process.stdout.write(`Kept in ${save(results)}\n`);
}

function report(before: Results, after: Results): void {
  const changes = compare(before, after);
  process.stdout.write(`\nAgainst ${before.commit} of ${before.date}: `);
  if (before.cpu !== after.cpu || before.node !== after.node) process.stdout.write('(another machine) ');
  if (changes.length === 0) process.stdout.write('nothing moved by more than 20 % (10 % for a group).\n');
  else process.stdout.write('\n');
  for (const { name, ratio } of changes) {
    process.stdout.write(`  ${ratio > 1 ? 'SLOWER' : 'faster'} ${ratio.toFixed(2)}x the time: ${name}\n`);
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
