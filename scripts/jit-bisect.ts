import { spawnSync } from 'node:child_process';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { firstGuilty } from './bisect.ts';

/**
 * Finds the compiled region that makes a command fail:
 *   npx tsx scripts/jit-bisect.ts --most 5000 -- ./check.sh --jit-only={}
 * {} is replaced by `lo..hi`: only regions with these numbers, hi not included, are made. The command ends with
 * 0 when all is well, and must make its regions in the same order each time (--icount).
 */
const { most, _: words } = yargs(hideBin(process.argv))
  .scriptName('jit-bisect')
  .usage('Usage: npm run jit-bisect -- [--most N] -- command ... {} ...   ({} becomes lo..hi)')
  .options({ most: { type: 'number', default: 4096, describe: 'the highest number of a region that is tried' } })
  .parserConfiguration({ 'unknown-options-as-args': true, 'parse-positional-numbers': false })
  .check(({ _: given, most: highest }) => {
    if (!given.slice(1).some((word) => String(word).includes('{}'))) throw new Error('give a command with a {} in it');
    if (!(highest > 0)) throw new Error('--most wants a number above 0');
    return true;
  })
  .version(false)
  .parseSync();
const [command, ...args] = words.map(String);

function isBad(from: number, to: number): boolean {
  const range = `${from}..${to}`;
  const { status, error } = spawnSync(
    command!,
    args.map((arg) => arg.replaceAll('{}', range)),
    { stdio: 'ignore' },
  );
  if (error !== undefined) {
    console.error(`cannot run ${command}: ${error.message}`);
    process.exit(2);
  }
  console.log(`${range}: ${status === 0 ? 'good' : 'bad'}`);
  return status !== 0;
}

if (isBad(0, 0)) {
  console.error('the command fails without any region: the fault is not in compiled regions');
  process.exit(1);
}
const guilty = firstGuilty(most, isBad);
if (guilty === undefined) console.log(`the command succeeds with all regions below ${most}: raise --most?`);
else console.log(`region ${guilty}${isBad(guilty, guilty + 1) ? '' : ', but only together with earlier ones'}`);
