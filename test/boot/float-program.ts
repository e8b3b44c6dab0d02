import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GuestArch } from '../../src/index.ts';

export const CASES = 100_000;
const BLOCK = 1000;

/** Compiles float.c for the guest and runs it on the host, too; answers the program's path. */
export function buildFloatProgram(arch: GuestArch, directory: string): string {
  const program = join(directory, 'float');
  const source = fileURLToPath(new URL('./float.c', import.meta.url));
  const bits = arch === 'amd64' ? '-m64' : '-m32';
  execFileSync('gcc', [bits, '-static', '-O1', '-msse2', '-o', program, source], { stdio: 'pipe' });
  return program;
}

/** Whether the host runs programs of an architecture: not each 64-bit kernel runs 32-bit ones. */
export function hostRuns(arch: GuestArch): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'emu-host-'));
  try {
    return spawnSync(buildFloatProgram(arch, directory), ['1', '0', '1', '1']).status === 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Runs the cases on the host and in the guest.
 * @param inGuest runs a command line there and gives what it prints
 * @returns the cases that differ, of the first block that does, as text; empty when there is none
 */
export async function compareFloat(
  program: string,
  inGuest: (command: string) => Promise<string>,
  seed: number,
): Promise<string[]> {
  const [ours, theirs] = await both(program, inGuest, [seed, 0, CASES, BLOCK]);
  if (ours.length !== CASES / BLOCK) throw new Error(`the host printed ${ours.length} lines`);
  const block = ours.findIndex((line, n) => line !== theirs[n]);
  if (block < 0) return [];
  const [native, guest] = await both(program, inGuest, [seed, block * BLOCK, BLOCK, 1]);
  const differ = native.flatMap((line, n) => (line === guest[n] ? [] : [`host ${line}\nguest ${guest[n]}`]));
  return differ.length > 0 ? differ : [`block ${block}: host ${ours[block]}, guest ${theirs[block]}`];
}

async function both(
  program: string,
  inGuest: (command: string) => Promise<string>,
  numbers: readonly number[],
): Promise<[string[], string[]]> {
  const lines = (text: string): string[] => text.trim().split('\n');
  const host = execFileSync(program, numbers.map(String), { encoding: 'utf8' });
  return [lines(host), lines(await inGuest(`/test/float ${numbers.join(' ')}`))];
}
