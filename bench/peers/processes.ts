import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type BootReport, type GuestReport, type Moment, RoundReader, watchForShell } from './rounds.ts';

/** Longest run of one process, on a busy host as well. */
const TIMEOUT_MS = 600_000;

/** A program that takes the time itself and reports on the last line of its output. */
export async function kernelDriver(program: string, words: readonly string[]): Promise<GuestReport> {
  return (await driver<GuestReport>(program, words)) ?? { rounds: [] };
}

export async function bootDriver(program: string, words: readonly string[]): Promise<BootReport> {
  const begin = performance.now();
  let end = begin;
  const report = await driver<BootReport>(program, words, () => {
    end = performance.now();
  });
  // The process's own clock begins when Node runs: what starting it took belongs to the boot, what ending it takes does not.
  return { ...report, wallMs: end - begin };
}

async function driver<T>(program: string, words: readonly string[], onOutput = (): void => {}): Promise<T> {
  const { output, errors, ending } = await finish(program, words, onOutput);
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  if (line.startsWith('{')) return JSON.parse(line) as T;
  return { rounds: [], wallMs: Number.NaN, cpuMs: Number.NaN, failure: `${ending}: ${errors.trim().slice(-400)}` } as T;
}

/** A program whose output is the guest's: the time is taken here, when the marks arrive. */
export async function markedKernel(program: string, words: readonly string[]): Promise<GuestReport> {
  let pid = 0;
  const clock = new ProcessClock();
  const reader = new RoundReader(() => clock.now(pid));
  const { errors, ending } = await finish(program, words, (bytes, child) => {
    pid = child.pid;
    for (const byte of bytes) reader.byte(byte);
    if (reader.over) child.type('\n');
  });
  const failure = reader.failure ?? (reader.done ? undefined : `${ending}: ${errors.trim().slice(-400)}`);
  return { rounds: reader.rounds, ...(failure === undefined ? {} : { failure }) };
}

export async function markedBoot(program: string, words: readonly string[]): Promise<BootReport> {
  const begin = performance.now();
  let found: Moment | undefined;
  let current: Child | undefined;
  const clock = new ProcessClock();
  const watch = watchForShell(() => {
    found = clock.now(current!.pid);
    current!.kill();
  });
  const { output, errors, ending } = await finish(program, words, (bytes, child) => {
    current = child;
    for (const byte of bytes) if (found === undefined) watch(byte);
  });
  if (found !== undefined) return { wallMs: found.wall - begin, cpuMs: found.cpu };
  const failure = `${ending}: ${(errors + output).trim().slice(-200)}`;
  return { wallMs: Number.NaN, cpuMs: Number.NaN, failure };
}

/** Clocks for another process: its CPU time is what Linux tells of its threads, NaN elsewhere. */
class ProcessClock {
  readonly #threads = new Map<string, number>();

  now(pid: number): Moment {
    const wall = performance.now();
    const folder = `/proc/${pid}/task`;
    const names = attempt(() => readdirSync(folder));
    for (const name of names ?? []) {
      // Milliseconds on a CPU: the first of the numbers in schedstat, in nanoseconds.
      const text = attempt(() => readFileSync(`${folder}/${name}/schedstat`, 'latin1'));
      if (text !== undefined) this.#threads.set(name, Number(text.split(' ')[0]) / 1e6);
    }
    // A thread that has ended keeps what it was last seen to have used.
    const cpu = [...this.#threads.values()].reduce((sum, ms) => sum + ms, 0);
    return { wall, cpu: names === undefined ? Number.NaN : cpu };
  }
}

/** What is read of another process may be gone by now. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

interface Child {
  readonly pid: number;
  /** Sends text to its standard input, which ends there. */
  type(text: string): void;
  kill(): void;
}

interface Ending {
  readonly output: string;
  readonly errors: string;
  readonly ending: string;
}

function finish(
  program: string,
  words: readonly string[],
  onOutput: (bytes: Buffer, child: Child) => void,
): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    const handle: Child = {
      pid: child.pid ?? 0,
      type: (text) => child.stdin.end(text),
      kill: () => child.kill('SIGKILL'),
    };
    // A program that ended by itself does not read.
    child.stdin.on('error', () => {});
    let output = '';
    let errors = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      handle.kill();
    }, TIMEOUT_MS);
    child.stdout.on('data', (bytes: Buffer) => {
      onOutput(bytes, handle);
      output = (output + bytes.toString('latin1')).slice(-(2 ** 20));
    });
    child.stderr.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
    });
    const end = (ending: string) => {
      clearTimeout(timer);
      resolve({ output, errors, ending });
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) =>
      end(late ? `no end within ${TIMEOUT_MS / 1000} s` : `ended with ${signal ?? `status ${code}`}`),
    );
  });
}
