import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL('../../firmware/', import.meta.url));
/** As firmware/build.sh compiles them for the guest, so that it is the same machine code. */
const FLAGS =
  '-O2 -std=gnu11 -fno-stack-protector -fno-pic -fno-pie -no-pie -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-builtin -fcf-protection=none -msse2 -mfpmath=sse -falign-functions=64 -w'.split(
    ' ',
  );
const WIDTH_FLAGS = { 32: ['-m32', '-march=i686'], 64: ['-m64', '-mcmodel=small', '-mno-red-zone'] } as const;
const PATIENCE_MS = 60_000;

/** Workloads of the built-in guest, compiled as a program of this host. */
export class NativeProgram {
  readonly #file: string;
  readonly #folder: string;

  private constructor(folder: string, file: string) {
    this.#folder = folder;
    this.#file = file;
  }

  /** @throws Error in a few words: what is missing, and where it comes from */
  static async build(bits: 32 | 64): Promise<NativeProgram> {
    if (process.arch !== 'x64') throw new Error(`the host's CPU is no x86-64 (${process.arch})`);
    const folder = await mkdtemp(join(tmpdir(), 'emu-native-'));
    const program = new NativeProgram(folder, join(folder, 'workloads'));
    try {
      const bench = join(SOURCES, 'src', 'bench');
      const files = (await readdir(bench)).filter((name) => name.endsWith('.c')).map((name) => join(bench, name));
      await run('gcc', [
        ...WIDTH_FLAGS[bits],
        ...FLAGS,
        '-o',
        program.#file,
        join(SOURCES, 'host', 'native.c'),
        ...files,
      ]);
    } catch (error) {
      await program.remove();
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const packages = bits === 32 ? 'gcc and gcc-multilib' : 'gcc and libc6-dev';
      throw new Error(missing ? 'gcc is missing: install gcc' : `gcc -m${bits} failed: install ${packages}`);
    }
    try {
      await program.measure('integer', 1);
    } catch {
      await program.remove();
      throw new Error(`this host does not run ${bits}-bit programs`);
    }
    return program;
  }

  /** Nanoseconds of `times` runs of a workload, and its checksum as 16 digits. */
  async measure(workload: string, times: number): Promise<{ readonly ns: number; readonly checksum: string }> {
    const { stdout } = await run(this.#file, [workload, String(times)], { timeout: PATIENCE_MS });
    const [ns, checksum] = stdout.trim().split(' ') as [string, string];
    return { ns: Number(ns), checksum: checksum.padStart(16, '0') };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
