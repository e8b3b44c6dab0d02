import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guest } from './build.ts';
import type { Arch } from './kernel-table.ts';
import { type GuestReport, RoundReader } from './rounds.ts';

/** One run: a kernel of an image, `rounds` times `n` iterations. */
export interface Job {
  readonly arch: Arch;
  readonly guest: Guest;
  readonly kernel: string;
  readonly n: number;
  readonly rounds: number;
}

/** Something that runs guests. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Share of a kernel's iterations that this engine is given: slow ones get less. */
  readonly share: number;
  /** Why this engine cannot run an architecture at all; undefined when it can. */
  gap(arch: Arch): string | undefined;
  run(job: Job): Promise<GuestReport>;
}

/** Longest run of one process. */
const TIMEOUT_MS = 120_000;

const commandLine = ({ kernel, n, rounds }: Job): string => `kernel=${kernel} n=${n} rounds=${rounds}`;

/**
 * emu itself.
 *
 * @param build folder that `buildEmu` made
 * @param nodeOptions options of Node itself, `--cpu-prof` and the like
 */
export function emu(
  name: string,
  build: string,
  tier: 'interp' | 'jit',
  version: string,
  nodeOptions: readonly string[],
): Engine {
  const program = join(build, 'bench', 'guest-emu.js');
  return {
    name,
    version,
    share: tier === 'interp' ? 1 / 10 : 1,
    gap: () => undefined,
    run: (job) => driver(process.execPath, [...nodeOptions, program, job.guest.image, tier, commandLine(job)]),
  };
}

/** v86 from npm, by its library, in the same Node. */
export function v86(build: string): Engine {
  const program = join(build, 'bench', 'guest-v86.js');
  const manifest = join(import.meta.dirname, '..', '..', 'node_modules', 'v86', 'package.json');
  let version = '';
  try {
    version = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  } catch {
    // The gap says that it is missing.
  }
  return {
    name: 'v86',
    version,
    share: 1,
    gap: (arch) => {
      if (version === '') return 'not installed: npm install';
      return arch === 'i386' ? undefined : '32-bit only';
    },
    run: (job) => driver(process.execPath, [program, job.guest.image, commandLine(job)]),
  };
}

/** QEMU's TCG, from the distribution. */
export function qemu(): Engine {
  const versions = new Map(['i386', 'x86_64'].map((target) => [target, versionOf(`qemu-system-${target}`)]));
  const target = (arch: Arch) => (arch === 'i386' ? 'i386' : 'x86_64');
  return {
    name: 'qemu',
    version: [...versions.values()].find((found) => found !== undefined) ?? '',
    share: 1,
    gap: (arch) =>
      versions.get(target(arch)) === undefined ? 'not installed: apt-get install qemu-system-x86' : undefined,
    run: (job) => {
      const machine = '-accel tcg -cpu max -m 64 -display none -no-reboot -serial stdio -monitor none';
      const exit = '-device isa-debug-exit,iobase=0xf4,iosize=4';
      const words = [...`${machine} ${exit}`.split(' '), '-kernel', job.guest.image, '-append', commandLine(job)];
      return marked(`qemu-system-${target(job.arch)}`, words);
    },
  };
}

/** The host's own CPU running the same objects. */
export function native(): Engine {
  return {
    name: 'native',
    version: '',
    share: 1,
    gap: (arch) => (arch === 'amd64-high' ? "the kernel's own addresses" : undefined),
    run: async (job) =>
      job.guest.native === undefined
        ? { rounds: [], failure: 'gcc could not link it for this host' }
        : marked(job.guest.native, [commandLine(job)]),
  };
}

function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}

/** A program that takes the time itself and reports on the last line of its output. */
async function driver(program: string, words: readonly string[]): Promise<GuestReport> {
  const { output, errors, ending } = await finish(program, words, () => {});
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return { rounds: [], failure: `${ending}: ${errors.trim().slice(-400)}` };
  return JSON.parse(line) as GuestReport;
}

/** A program whose output is the guest's: the time is taken here, when the marks arrive. */
async function marked(program: string, words: readonly string[]): Promise<GuestReport> {
  const reader = new RoundReader(() => performance.now());
  const { errors, ending } = await finish(program, words, (bytes) => {
    for (const byte of bytes) if (byte !== 13) reader.byte(byte);
  });
  const failure = reader.failure ?? (reader.done ? undefined : `${ending}: ${errors.trim().slice(-400)}`);
  return { rounds: reader.rounds, ...(failure === undefined ? {} : { failure }) };
}

interface Ending {
  readonly output: string;
  readonly errors: string;
  readonly ending: string;
}

function finish(program: string, words: readonly string[], onOutput: (bytes: Buffer) => void): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, TIMEOUT_MS);
    child.stdout.on('data', (bytes: Buffer) => {
      onOutput(bytes);
      output += bytes.toString('latin1');
    });
    child.stderr.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
    });
    child.on('error', (error) => resolve({ output, errors, ending: error.message }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const ending = late ? `no end within ${TIMEOUT_MS / 1000} s` : `ended with ${signal ?? `status ${code}`}`;
      resolve({ output, errors, ending });
    });
  });
}
