import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';

/** The reason why nothing can be compared with the host's CPU, or undefined. */
function whyNoHost(): string | undefined {
  if (process.arch !== 'x64') return `the host is ${process.arch}, not x64`;
  if (spawnSync('gcc', ['--version']).status !== 0) return 'gcc is not installed';
  return undefined;
}

/** A C program on the host's CPU. */
export interface Host {
  /** Gives it records on standard input and returns what it writes. */
  run(records: Uint8Array): Buffer;
}

/**
 * Tests that compare with a C program of this folder; skipped, saying why, where the host cannot run it. The seed of
 * random cases is told, and SOFTFLOAT_SEED gives it.
 */
export function againstHost(title: string, source: string, tests: (host: Host, seed: number) => void): void {
  const reason = whyNoHost();
  describe.skipIf(reason !== undefined)(`${title} against the host's CPU${reason ? `: ${reason}` : ''}`, () => {
    const seed = seedOfRun();
    let program: CompiledHost | undefined;
    beforeAll(() => {
      console.log(`seed ${seed} (SOFTFLOAT_SEED)`);
      program = compileHost(source);
    });
    afterAll(() => program?.dispose());
    tests({ run: (records) => program!.run(records) }, seed);
  });
}

interface CompiledHost extends Host {
  dispose(): void;
}

function compileHost(source: string): CompiledHost {
  const folder = mkdtempSync(join(tmpdir(), 'softfloat-'));
  const program = join(folder, 'host');
  const gcc = spawnSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, source)], { encoding: 'utf8' });
  if (gcc.status !== 0) throw new Error(`gcc failed on ${source}: ${gcc.stderr}`);
  return {
    run(records) {
      const child = spawnSync(program, [], { input: records, maxBuffer: 1 << 30 });
      if (child.status !== 0) throw new Error(`${source} ended with ${child.status ?? child.signal}`);
      return child.stdout;
    },
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

/** Three words as one hexadecimal number, highest first. */
export function hexWords(words: Int32Array, at: number): string {
  return [2, 1, 0].map((i) => (words[at + i]! >>> 0).toString(16).padStart(8, '0')).join(' ');
}

function seedOfRun(): number {
  const given = process.env.SOFTFLOAT_SEED;
  return given === undefined ? (Date.now() & 0x7fffffff) | 1 : Number(given) | 1;
}
