import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deoptTable, parseDeopt } from './deopts.ts';

/**
 * Runs emu and tells which functions V8 optimised and then threw the code of away; regions are named by their
 * number and guest address:
 *   npx tsx scripts/jit-deopts.ts boot debian --serial file:boot.log --no-reboot
 * What emu prints itself goes on to standard output. Ctrl-C ends the guest.
 */
const MAIN = join(import.meta.dirname, '../src/cli/main.ts');
const child = spawn(process.execPath, ['--trace-deopt', '--import', 'tsx', MAIN, ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
});
const deopts: NonNullable<ReturnType<typeof parseDeopt>>[] = [];
createInterface({ input: child.stdout }).on('line', (line) => {
  const found = parseDeopt(line);
  if (found !== undefined) deopts.push(found);
  else console.log(line);
});
// The child gets the signal of the terminal too.
process.on('SIGINT', () => {});
child.on('close', (status) => {
  console.log(`\n${deopts.length} times\n${deoptTable(deopts)}`);
  process.exitCode = status ?? 1;
});
