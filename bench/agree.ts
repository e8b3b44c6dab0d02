/**
 * Do two runs of `emu bench --json` agree within the spreads that they print? A figure does when the ranges around both
 * medians touch.
 *
 *   npx tsx bench/agree.ts FIRST.json SECOND.json
 */
import { readFileSync } from 'node:fs';
import type { Report } from '../src/bench/report.ts';
import { disagreements } from './disagreements.ts';

const [first, second] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
if (first === undefined || second === undefined) throw new Error('give two files that emu bench --json wrote');
const { compared, apart } = disagreements(first, second);
for (const { title, engine, ratio, allowed } of apart) {
  const [times, least] = [ratio, allowed].map((value) => value.toFixed(2));
  process.stdout.write(`${title} ${engine}: ${times} times the other run's time; the spreads allow ${least}\n`);
}
process.stdout.write(`${compared - apart.length} of ${compared} figures agree\n`);
