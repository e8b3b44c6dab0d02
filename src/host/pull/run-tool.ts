import { type ChildProcess, spawn } from 'node:child_process';
import { OWN_KERNEL_HINT, PullError } from './pull-error.ts';

const OUTPUT_LIMIT = 4 << 20;

/** What a program printed and how it ended. */
export interface ToolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program of Debian's and collects its output (the first 4 MiB of each stream).
 * @throws PullError when the program is not installed
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [status, stdout, stderr] = await Promise.all([
    ended(child, program),
    collect(child.stdout),
    collect(child.stderr),
  ]);
  return { status, stdout, stderr };
}

/**
 * Unpacks some members of a Debian package, without the rest of it ever reaching the disk.
 * @param members paths or tar patterns as the package spells them (`./boot/vmlinuz-*`)
 */
export async function unpackPackage(deb: string, members: readonly string[], into: string): Promise<void> {
  const archive = spawn('dpkg-deb', ['--fsys-tarfile', deb], { stdio: ['ignore', 'pipe', 'pipe'] });
  const unpack = spawn('tar', ['--extract', '--wildcards', '--no-same-owner', '--directory', into, ...members], {
    stdio: [archive.stdout, 'ignore', 'pipe'],
  });
  archive.stdout.destroy(); // tar holds the pipe now; with our end closed, dpkg-deb ends when tar does
  const [read, written, ...errors] = await Promise.all([
    ended(archive, 'dpkg-deb'),
    ended(unpack, 'tar'),
    collect(archive.stderr),
    collect(unpack.stderr),
  ]);
  if (read === 0 && written === 0) return;
  throw new PullError(`cannot unpack ${deb}: ${lastLine(errors.join('\n'))}`);
}

/** The last line that says something, for a message of one line. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'no reason given';
}

function ended(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      const reason = missing ? `${program} is not installed` : `${program} cannot be run (${error.message})`;
      reject(new PullError(`${reason}: guests are made from Debian packages; elsewhere ${OWN_KERNEL_HINT}`));
    });
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((resolve, reject) => {
    if (stream === null) return resolve('');
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (text.length < OUTPUT_LIMIT) text += chunk;
    });
    stream.once('error', reject);
    stream.once('close', () => resolve(text));
  });
}
