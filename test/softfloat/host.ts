import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The reason why nothing can be compared with the host's CPU, or undefined. */
export function whyNoHost(): string | undefined {
  if (process.arch !== 'x64') return `the host is ${process.arch}, not x64`;
  if (spawnSync('gcc', ['--version']).status !== 0) return 'gcc is not installed';
  return undefined;
}

export interface Host {
  run(records: Uint8Array): Buffer;
  dispose(): void;
}

/** Compiles a C program of this folder; run() gives it records on stdin and returns what it writes. */
export function compileHost(source: string): Host {
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

/** A small seeded generator (xorshift32), so that a failure can be run again. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  word(): number {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return s;
  }

  below(n: number): number {
    return (this.word() >>> 8) % n;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)];
  }
}

/** Three words as one hexadecimal number, highest first. */
export function hexWords(words: Int32Array, at: number): string {
  return [2, 1, 0].map((i) => (words[at + i]! >>> 0).toString(16).padStart(8, '0')).join(' ');
}

export function seedOfRun(): number {
  const given = process.env.SOFTFLOAT_SEED;
  return given === undefined ? (Date.now() & 0x7fffffff) | 1 : Number(given) | 1;
}
