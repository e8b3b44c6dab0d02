import { closeSync, openSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A file of the host cannot be used; the message is one line that says what is wrong and what to do. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: check the path',
  ENOTDIR: 'does not exist: a part of the path is no folder',
  EACCES: 'may not be opened: check its permissions',
  EPERM: 'may not be opened: check its permissions',
  EISDIR: 'is a folder: give a file',
  EROFS: 'is on a read-only file system: choose another place',
  ENOSPC: 'does not fit: the file system is full',
  ELOOP: 'is a symbolic link that leads to itself',
  ENAMETOOLONG: 'has too long a name',
  EADDRINUSE: 'is in use by another process: choose another, or end that process',
};

/** Why an operation of the host failed, in a few words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? `cannot be used (${message})`;
}

const MOST = 2 ** 31 - 1;

/**
 * Reads a whole file.
 * @param what what it is for, e.g. `kernel`
 * @throws FileError for what is missing, empty, unreadable, not a regular file, or 2 GiB or more
 */
export async function readInput(path: string, what: string): Promise<Uint8Array> {
  if (path === '') throw new FileError(`the ${what} has an empty name: give a file`);
  const refuse = (reason: string) => new FileError(`the ${what} ${path} ${reason}`);
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw refuse('is a folder: give a file');
    if (!info.isFile()) throw refuse('is no regular file: give a file');
    if (info.size > MOST) throw refuse('is larger than 2 GiB: this cannot be right');
    const bytes = await readFile(path);
    if (bytes.length === 0) throw refuse('is empty: give a file with contents');
    return bytes;
  } catch (error) {
    throw error instanceof FileError ? error : refuse(reasonOf(error));
  }
}

/** Finds out whether a file can be written, and leaves what is in it. @throws FileError */
export function checkOutput(path: string, what: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new FileError(`the ${what} ${path} ${reasonOf(error)}`);
  }
}

/** Writes a whole file. @throws FileError */
export async function writeOutput(path: string, what: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new FileError(`the ${what} ${path} ${reasonOf(error)}`);
  }
}

/** Path of the image of the guest that comes with emu, in a checkout and in the installed package alike. */
export const DEFAULT_GUEST = fileURLToPath(new URL('../../firmware/emu-rom.bin', import.meta.url));

/** The version that package.json states. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}
