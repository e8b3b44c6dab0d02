import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arch } from './kernel-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = join(ROOT, 'bench', 'kernels');
const DAY_MS = 86_400_000;
/** Everything that the benchmarks build lies here, keyed by what it was made of. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'emu-bench');

const COMMON =
  '-O2 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-vectorize ' +
  '-fno-tree-loop-distribute-patterns -fcf-protection=none -Wall -Wextra';
const TARGETS: Record<Arch, string> = {
  i386: '-m32 -march=i686',
  amd64: '-m64 -mno-red-zone',
  'amd64-high': '-m64 -mno-red-zone -mcmodel=kernel',
};
const INTEGER_ONLY = '-mgeneral-regs-only';
/** Files that need other flags than the rest. */
const FLAGS: Record<string, string> = {
  'sse2.c': '-msse2 -mfpmath=sse',
  'x87.c': '-mno-sse -mfpmath=387',
  'fib.c': `${INTEGER_ONLY} -fno-inline -fno-optimize-sibling-calls`,
};
const FRAME = ['bare.c', 'native.c'];
const PAYLOAD_AT: Record<Exclude<Arch, 'i386'>, string> = { amd64: '0x200000', 'amd64-high': '0xffffffff80200000' };
/** Physical memory kept for the 64-bit image and its .bss. */
const PAYLOAD_SPACE = 16 * 2 ** 20;

export interface Guest {
  /** Multiboot image. */
  readonly image: string;
  /** The same objects as a program of this host; undefined where the host cannot link or run it. */
  readonly native: string | undefined;
}

/** Compiles the kernels for one architecture, unless the cache has them. */
export function buildGuest(arch: Arch): Guest {
  const out = join(CACHE, `kernels-${arch}-${digest([SOURCES, import.meta.filename])}`);
  const guest = { image: join(out, 'kernels.elf'), native: join(out, 'native') };
  if (!existsSync(out)) {
    const work = `${out}.${process.pid}`;
    mkdirSync(work, { recursive: true });
    compile(arch, work);
    publish(work, out);
  }
  return existsSync(guest.native) ? guest : { ...guest, native: undefined };
}

function compile(arch: Arch, out: string): void {
  const tool = (name: string, words: string) => run(name, words.split(' ').filter(Boolean), out);
  const source = (name: string) => join(SOURCES, name);
  const objects: string[] = [];
  for (const file of readdirSync(SOURCES).filter((name) => name.endsWith('.c') && !FRAME.includes(name))) {
    const object = file.replace('.c', '.o');
    tool('gcc', `${COMMON} ${TARGETS[arch]} ${FLAGS[file] ?? INTEGER_ONLY} -c ${source(file)} -o ${object}`);
    objects.push(object);
  }
  tool('gcc', `${COMMON} ${TARGETS[arch]} ${INTEGER_ONLY} -c ${source('bare.c')} -o bare.o`);
  const linked = ['bare.o', ...objects].join(' ');
  if (arch === 'i386') {
    tool('gcc', `-m32 -c ${source('boot32.S')} -o boot.o`);
    tool('ld', `-m elf_i386 -T ${source('image.ld')} --defsym=BASE=0x100000 boot.o ${linked} -o kernels.elf`);
  } else {
    const base = PAYLOAD_AT[arch];
    tool('gcc', `-m64 -c ${source('entry64.S')} -o entry.o`);
    tool('ld', `-T ${source('image.ld')} --defsym=BASE=${base} entry.o ${linked} -o payload.elf`);
    tool('objcopy', '-O binary payload.elf payload.bin');
    tool('gcc', `-m32 -DPAYLOAD="payload.bin" -DPAYLOAD_AT=${base} -c ${source('boot64.S')} -o boot.o`);
    tool('ld', `-m elf_i386 -T ${source('wrapper.ld')} --defsym=PAYLOAD_SPACE=${PAYLOAD_SPACE} boot.o -o kernels.elf`);
  }
  if (arch === 'amd64-high') return;
  try {
    tool(
      'gcc',
      `-O2 ${arch === 'i386' ? '-m32' : '-m64'} -no-pie ${source('native.c')} ${objects.join(' ')} -o native`,
    );
  } catch {
    rmSync(join(out, 'native'), { force: true });
  }
}

function run(name: string, words: readonly string[], cwd: string): void {
  try {
    execFileSync(name, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: string; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${name} is missing: install gcc, gcc-multilib and binutils`);
    throw new Error(`${name} ${words.join(' ')} failed:\n${stdout}${stderr}`);
  }
}

/** Guests' drivers that run as JavaScript of their own, not through a loader that rewrites them. */
const PROGRAMS = ['guest-emu.ts', 'guest-v86.ts', 'boot-emu.ts', 'boot-v86.ts', 'micro-suite.ts'];

/**
 * Compiles emu and the programs that drive it to JavaScript.
 *
 * @param commit take emu's sources from this commit instead of the working tree
 * @returns the folder with bench/guest-emu.js and the others
 */
export function buildEmu(commit?: string): string {
  let id: string | undefined;
  let key = `work-${digest([join(ROOT, 'src'), join(ROOT, 'bench')])}`;
  if (commit !== undefined) {
    id = git('rev-parse', '--short=12', `${commit}^{commit}`).trim();
    key = `${id}-${digest([join(ROOT, 'bench')])}`;
  }
  const out = join(CACHE, `emu-${key}`);
  if (existsSync(out)) return out;
  const source = id === undefined ? ROOT : unpack(id);
  dropOldBuilds();
  const work = `${out}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  const project = `${work}.json`;
  const options = { noEmit: false, rootDir: source, outDir: work, noEmitOnError: false };
  const files = PROGRAMS.map((name) => join(source, 'bench', name));
  writeFileSync(
    project,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions: options, files, include: [] }),
  );
  try {
    run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], source);
  } catch (error) {
    // Types that do not check, in code that is being worked on, do not keep it from running.
    if (!existsSync(join(work, 'src', 'machine', 'machine.js'))) throw error;
  } finally {
    rmSync(project);
    if (source !== ROOT) rmSync(source, { recursive: true });
  }
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }\n');
  bundle(work);
  publish(work, out);
  return out;
}

/** Makes each program one file with what it uses, as `npm run bundle` does with the command: Node starts it sooner. */
function bundle(folder: string): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { bundle: string } };
  const form = scripts.bundle.split(' ').filter((word) => word.startsWith('--') && !word.startsWith('--outdir'));
  const programs = PROGRAMS.map((name) => join('bench', name.replace('.ts', '.js')));
  const words = [...programs, ...form, '--outdir=bench', '--allow-overwrite'];
  run(join(ROOT, 'node_modules', '.bin', 'esbuild'), words, folder);
}

/** Puts a finished folder in its place, unless another process was faster. */
function publish(work: string, out: string): void {
  try {
    renameSync(work, out);
  } catch (error) {
    if (!existsSync(out)) throw error;
    rmSync(work, { recursive: true });
  }
}

/** Builds of the working tree pile up: those of earlier days go. A run may still use one of today's. */
function dropOldBuilds(): void {
  mkdirSync(CACHE, { recursive: true });
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

/** The sources of a commit beside today's benchmark programs, in a folder outside node_modules, whose code tsc skips. */
function unpack(commit: string): string {
  const to = mkdtempSync(join(tmpdir(), 'emu-bench-'));
  run('sh', ['-c', `git archive ${commit} src package.json | tar -x -C '${to}' && cp -r bench '${to}/'`], ROOT);
  return to;
}

/** A short key over the contents of files and folders. */
function digest(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string, name: string) => {
    hash.update(name).update(readFileSync(path));
  };
  for (const path of paths) {
    if (path.endsWith('.ts')) {
      add(path, path);
      continue;
    }
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names)
      if (/\.(ts|c|h|S|ld)$/.test(name) && !name.endsWith('.test.ts')) add(join(path, name), name);
  }
  return hash.digest('hex').slice(0, 12);
}
