/**
 * Shows that the comparison of micro benchmarks finds an interpreter that has become 20 % slower, and nothing where
 * nothing has changed: three sets of results, taken in turn, of this build, of a copy whose interpreter wastes a
 * fifth of the time that it ran, and of this build again.
 *
 *   npx tsx bench/planted-slowdown.ts
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { microPass } from './micro/pass.ts';
import { type Change, combine, compare, host, type Results } from './micro/results.ts';
import { buildEmu } from './peers/build.ts';

const PASSES = 3;
const SAMPLE_MS = 60;
const GROUP = 'interp 32';
const SHARE = 0.2;
const PLACE = 'this.#loops.run(next);';
const PLANTED = `{
  const planted = performance.now();
  ${PLACE}
  for (const end = performance.now() * ${1 + SHARE} - planted * ${SHARE}; performance.now() < end; );
}`;

function plant(build: string): string {
  const copy = mkdtempSync(`${build}-planted-`);
  cpSync(build, copy, { recursive: true });
  const file = join(copy, 'src', 'accel', 'tcg', 'vcpu.js');
  const text = readFileSync(file, 'utf8');
  if (text.split(PLACE).length !== 2) throw new Error(`${file} has no single "${PLACE}" to plant the slowdown at`);
  writeFileSync(file, text.replace(PLACE, PLANTED));
  return copy;
}

function describe(title: string, changes: readonly Change[]): string {
  const group = changes.find(({ name }) => name === `${GROUP}: all`);
  const found = group === undefined ? 'the group did not move' : `the group takes ${group.ratio.toFixed(2)}x the time`;
  return `${title}: ${found}; ${changes.length - (group === undefined ? 0 : 1)} single cases moved by more than 20 %\n`;
}

const build = buildEmu();
const planted = plant(build);
try {
  const builds = [build, planted, build];
  const seen: Record<string, number>[][] = builds.map(() => []);
  for (let pass = 0; pass < PASSES; pass++) {
    builds.forEach((folder, n) => void seen[n]!.push(microPass(folder, SAMPLE_MS, `^${GROUP}:`)));
  }
  const [before, slower, again] = seen.map(
    (passes): Results => ({ commit: '', date: new Date().toISOString(), ...host(), figures: combine(passes) }),
  );
  const [control, found] = [compare(before!, again!), compare(before!, slower!)];
  process.stdout.write(describe('the same build again', control) + describe('slowdown planted', found));
  const isGroup = ({ name, ratio }: Change): boolean => name === `${GROUP}: all` && ratio > 1;
  if (!found.some(isGroup) || control.some(isGroup)) process.exitCode = 1;
} finally {
  rmSync(planted, { recursive: true });
}
