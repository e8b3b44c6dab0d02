import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = pathToFileURL(new URL('./tune-engine.ts', import.meta.url).pathname).href;
/** Prints whether the process's first thread is as nice as it was, and how nice the others are. */
const PROGRAM = `
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { tuneEngine } from '${MODULE}';
const before = getPriority(process.pid);
tuneEngine();
const threads = readdirSync('/proc/self/task').map(Number);
const others = threads.filter((thread) => thread !== process.pid).map((thread) => getPriority(thread));
console.log(JSON.stringify({ first: getPriority(process.pid) - before, others: others.filter((nice) => nice >= 5).length }));
`;

it('lets the thread that runs the guest go before those of V8', ({ skip }) => {
  if (!existsSync('/proc/self/task')) return skip('this system tells nothing of threads');
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM]);
  const { first, others } = JSON.parse(`${output}`) as { first: number; others: number };
  expect(first).toBe(0);
  expect(others).toBeGreaterThan(0);
});
