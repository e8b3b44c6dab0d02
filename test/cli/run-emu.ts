import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/cli/main.ts');
/** Node's arguments that run the command-line program from its sources. */
export const EMU = ['--import', 'tsx', MAIN];

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with all output so far; the child may be sent signals. */
  readonly watch?: (stdout: string, child: ReturnType<typeof spawn>) => void;
  readonly timeoutMs?: number;
}

/** Runs `emu` to its end. Without `input`, standard input is at its end. */
export function emu(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...EMU, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString('latin1');
      options.watch?.(stdout, child);
    });
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('latin1')));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, stdout, stderr });
    });
  });
}
