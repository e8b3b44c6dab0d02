import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { firstGuilty } from './bisect.ts';

/**
 * Finds the compiled region that makes a command fail:
 *   npx tsx scripts/jit-bisect.ts --most 5000 -- ./check.sh --jit-only={}
 * {} is replaced by `lo..hi`: only regions with these numbers, hi not included, are made. The command ends with
 * 0 when all is well, and must make its regions in the same order each time (--icount).
 */
const { values, positionals } = parseArgs({
  options: { most: { type: 'string', default: '4096' } },
  allowPositionals: true,
});
const [command, ...args] = positionals;
const most = Number(values.most);
if (command === undefined || !args.some((arg) => arg.includes('{}')) || !(most > 0)) {
  console.error('usage: jit-bisect [--most N] -- command ... {} ...   ({} becomes lo..hi)');
  process.exit(2);
}

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
