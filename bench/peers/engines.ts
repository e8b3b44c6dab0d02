import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKvm } from '../../src/accel/kvm/system.ts';
import type { Guest } from './build.ts';
import type { EmuTier } from './emu-tier.ts';
import type { Arch } from './kernel-table.ts';
import { bootDriver, kernelDriver, markedBoot, markedKernel } from './processes.ts';
import type { BootReport, GuestReport } from './rounds.ts';
import { SEABIOS } from './v86-files.ts';

/** One run: a kernel of an image, `rounds` times `n` iterations. */
export interface Job {
  readonly arch: Arch;
  readonly guest: Guest;
  readonly kernel: string;
  readonly n: number;
  readonly rounds: number;
}

/** A Linux guest, by its files. */
export interface BootJob {
  readonly arch: 'amd64' | 'i386';
  readonly kernel: string;
  readonly initrd: string;
}

/** The command line of Linux guests. */
const CONSOLE = 'console=ttyS0';

/** Something that runs guests. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Share of a kernel's iterations that this engine is given: slow ones get less. */
  readonly share: number;
  /** Why this engine cannot run an architecture at all; undefined when it can. */
  gap(arch: Arch): string | undefined;
  run(job: Job): Promise<GuestReport>;
  /** Boots to the shell; missing where there is nothing to boot. */
  boot?(job: BootJob): Promise<BootReport>;
  /** Boots a guest that does its work, tells of its rounds and switches off. */
  work?(job: BootJob): Promise<GuestReport>;
}

const commandLine = ({ kernel, n, rounds }: Job): string => `kernel=${kernel} n=${n} rounds=${rounds}`;

/** Why the kernels, which run in ring 0, cannot run under this host's KVM; undefined when they can. */
export async function kvmGap(): Promise<string | undefined> {
  try {
    const system = await openKvm();
    const { kind } = system;
    system.close();
    return kind === 'pvm' ? "this host's KVM (page-table virtualisation) emulates what runs in ring 0" : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * emu itself.
 *
 * @param build folder that `buildEmu` made
 * @param nodeOptions options of Node itself, `--cpu-prof` and the like
 * @param gap why it cannot run here
 */
export function emu(
  name: string,
  build: string,
  tier: EmuTier,
  version: string,
  nodeOptions: readonly string[],
  gap?: string,
): Engine {
  const program = (file: string) => [...nodeOptions, join(build, 'bench', file)];
  return {
    name,
    version,
    share: tier === 'interp' ? 1 / 10 : 1,
    gap: () => gap,
    run: (job) => kernelDriver(process.execPath, [...program('guest-emu.js'), job.guest.image, tier, commandLine(job)]),
    boot: (job) => bootDriver(process.execPath, [...program('boot-emu.js'), tier, job.kernel, job.initrd]),
    work: ({ kernel, initrd }) =>
      kernelDriver(process.execPath, [...program('guest-emu.js'), kernel, tier, CONSOLE, initrd]),
  };
}

/** emu where it starts a guest for the second time, with what the first start, which is not measured, has kept. */
export function warm(build: string, version: string, nodeOptions: readonly string[]): Engine {
  const folder = mkdtempSync(join(tmpdir(), 'emu-warm-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const start = ({ kernel, initrd }: BootJob, cache: string) =>
    bootDriver(process.execPath, [...nodeOptions, join(build, 'bench', 'boot-emu.js'), 'jit', kernel, initrd, cache]);
  const first = new Map<string, Promise<BootReport>>();
  return {
    ...emu('warm', build, 'jit', version, nodeOptions),
    boot: async (job) => {
      const [kept, used] = [join(folder, job.arch), join(folder, `${job.arch}-used`)];
      if (!first.has(job.arch)) first.set(job.arch, start(job, kept));
      const { failure } = await first.get(job.arch)!;
      if (failure !== undefined) return { wallMs: Number.NaN, cpuMs: Number.NaN, failure };
      rmSync(used, { recursive: true, force: true });
      cpSync(kept, used, { recursive: true });
      return start(job, used);
    },
  };
}

/** v86 from npm, by its library, in the same Node. */
export function v86(build: string): Engine {
  const program = (file: string) => join(build, 'bench', file);
  const manifest = join(import.meta.dirname, '..', '..', 'node_modules', 'v86', 'package.json');
  const version = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
    : undefined;
  return {
    name: 'v86',
    version: version ?? '',
    share: 1,
    gap: (arch) => {
      if (version === undefined) return 'not installed: npm install';
      return arch === 'i386' ? undefined : '32-bit only';
    },
    run: (job) => kernelDriver(process.execPath, [program('guest-v86.js'), job.guest.image, commandLine(job)]),
    boot: async (job) =>
      existsSync(SEABIOS)
        ? bootDriver(process.execPath, [program('boot-v86.js'), job.kernel, job.initrd])
        : { wallMs: Number.NaN, cpuMs: Number.NaN, failure: 'its BIOS is missing: apt-get install seabios' },
  };
}

/** QEMU from the distribution, under one of its accelerators. */
export function qemu(name: string, accel: 'tcg' | 'kvm', gap?: string): Engine {
  const target = (arch: Arch) => `qemu-system-${arch === 'i386' ? 'i386' : 'x86_64'}`;
  const versions = new Map(['i386', 'amd64'].map((arch) => [target(arch as Arch), versionOf(target(arch as Arch))]));
  const common = `-accel ${accel} -display none -no-reboot -serial stdio -monitor none -nic none`;
  const linux = ({ kernel, initrd }: BootJob) => [
    ...`${common} -m 512`.split(' '),
    ...['-kernel', kernel, '-initrd', initrd, '-append', CONSOLE],
  ];
  return {
    name,
    version: [...versions.values()].find((found) => found !== undefined) ?? '',
    share: 1,
    gap: (arch) => (versions.get(target(arch)) === undefined ? 'not installed: apt-get install qemu-system-x86' : gap),
    run: (job) => {
      const machine = `${common} -cpu max -m 64 -device isa-debug-exit,iobase=0xf4,iosize=4`;
      const words = [...machine.split(' '), '-kernel', job.guest.image, '-append', commandLine(job)];
      return markedKernel(target(job.arch), words);
    },
    boot: (job) => markedBoot(target(job.arch), linux(job)),
    work: (job) => markedKernel(target(job.arch), linux(job)),
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
        : markedKernel(job.guest.native, [commandLine(job)]),
  };
}

function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}
