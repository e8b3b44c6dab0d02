/**
 * Makes a table of docs/benchmarks.md anew: runs the command that stands above it and puts in what it printed.
 *
 *   npx tsx bench/docs.ts emu | peers | micro | planted
 *   npx tsx bench/docs.ts peers --filter '^(fib|sort)$'      with more options for the command
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs', 'benchmarks.md');

/** The tables by name: the command as the page shows it, and as it is run here. */
const TABLES: Readonly<Record<string, { readonly shown: string; readonly words: readonly string[] }>> = {
  emu: {
    shown: 'npx emu bench --svg docs/benchmarks.svg',
    words: ['dist/cli/main.js', 'bench', '--svg', 'docs/benchmarks.svg'],
  },
  peers: {
    shown: 'npm run bench:peers -- --quick',
    words: ['--import', 'tsx', 'bench/run-kernels.ts', '--quick'],
  },
  micro: {
    shown: 'npm run bench -- --quick',
    words: ['--import', 'tsx', 'bench/run-micro.ts', '--quick'],
  },
  planted: { shown: 'npx tsx bench/planted-slowdown.ts', words: ['--import', 'tsx', 'bench/planted-slowdown.ts'] },
};

const quoted = (word: string): string => (/^[\w./=-]+$/.test(word) ? word : `'${word}'`);

function main([name, ...more]: readonly string[]): void {
  const table = TABLES[name ?? ''];
  if (table === undefined) throw new Error(`name a table: ${Object.keys(TABLES).join(', ')}`);
  const { status, stdout } = spawnSync(process.execPath, [...table.words, ...more], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${table.shown} ended with status ${status}:\n${stdout}`);
  const page = readFileSync(PAGE, 'utf8');
  const section = new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`);
  if (!section.test(page)) throw new Error(`${PAGE} has no place for the table ${name}`);
  const command = [table.shown, ...more.map(quoted)].join(' ');
  const text = `\`\`\`\n$ ${command}\n${stdout.trimEnd()}\n\`\`\`\n`;
  writeFileSync(
    PAGE,
    page.replace(section, (_, begin: string, end: string) => begin + text + end),
  );
  process.stdout.write(stdout);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
