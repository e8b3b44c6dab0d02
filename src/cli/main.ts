#!/usr/bin/env node
import { reasonOf } from '../host/files.ts';
import { tuneEngine } from '../host/tune-engine.ts';
import { canonicalArguments } from './arguments.ts';
import { runCommand } from './commands.ts';
import { OUTPUT_CLOSED } from './exit-status.ts';
import { keepHeapTrimmed } from './heap-trim.ts';
import { isExpected, oneLine } from './report.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(OUTPUT_CLOSED);
  process.stderr.write(`emu: standard output ${reasonOf(error)}\n`);
  process.exit(1);
});
// There is nowhere left to complain when standard error is closed.
process.stderr.on('error', () => {});

tuneEngine();
keepHeapTrimmed();
try {
  process.exitCode = await runCommand(canonicalArguments(process.argv.slice(2)));
} catch (error) {
  process.exitCode = isExpected(error) ? 2 : 1;
  const text = isExpected(error) ? oneLine(error) : `internal error: ${(error as Error).stack ?? String(error)}`;
  process.stderr.write(`emu: ${text}\n`);
}
