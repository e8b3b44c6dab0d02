import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { PullError } from './pull-error.ts';

const MANIFEST = 'manifest.json';

/** What a cached guest was made of. */
export interface GuestManifest {
  /** Raised when what a pull writes changes; another number means that the guest is made anew. */
  readonly recipe: number;
  readonly name: string;
  readonly arch: string;
  /** Package name to version. */
  readonly packages: Readonly<Record<string, string>>;
  /** File name to SHA-256, in hexadecimal. */
  readonly files: Readonly<Record<string, string>>;
}

/** The guest's folder as a whole. */
export interface CachedGuest {
  readonly directory: string;
  readonly manifest: GuestManifest;
}

/** Where guests are kept: `emu` under XDG_CACHE_HOME, or under ~/.cache (XDG Base Directory Specification). */
export function defaultCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'emu');
}

/** The guest in `directory`, or undefined when it is not there, incomplete, changed, or of another recipe. */
export async function readGuest(directory: string, recipe: number): Promise<CachedGuest | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8'));
    if (!isManifest(manifest) || manifest.recipe !== recipe) return undefined;
    for (const [file, digest] of Object.entries(manifest.files)) {
      if ((await sha256(join(directory, file))) !== digest) return undefined;
    }
    return { directory, manifest };
  } catch {
    return undefined;
  }
}

/**
 * Makes a guest and puts it in place of an older one in one step: a pull that fails or is
 * interrupted leaves what was there before, and no file of its own.
 * @param make fills the folder that it is given; answers what goes into the manifest
 */
export async function replaceGuest(
  directory: string,
  make: (into: string, scratch: string) => Promise<Omit<GuestManifest, 'files'>>,
  files: readonly string[],
): Promise<CachedGuest> {
  const work = await workDirectory(join(directory, '..'));
  const release = removeOnExit(work);
  try {
    const fresh = join(work, 'guest');
    const scratch = join(work, 'scratch');
    await mkdir(fresh);
    await mkdir(scratch);
    const made = await make(fresh, scratch);
    const digests: Record<string, string> = {};
    for (const file of files) digests[file] = await sha256(join(fresh, file));
    const manifest: GuestManifest = { ...made, files: digests };
    await writeFile(join(fresh, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(directory, join(work, 'old')).catch(() => {});
    await rename(fresh, directory);
    return { directory, manifest };
  } catch (error) {
    if (error instanceof PullError) throw error;
    throw new PullError(`cannot make the guest in ${directory}: ${(error as Error).message}`);
  } finally {
    release();
    await rm(work, { recursive: true, force: true });
  }
}

async function workDirectory(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, '.pull-'));
  } catch (error) {
    throw new PullError(`cannot write the cache of guests: ${(error as Error).message}; set XDG_CACHE_HOME elsewhere`);
  }
}

/** Removes `path` when a signal ends the process; the answer takes that back. */
function removeOnExit(path: string): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listener = (signal: NodeJS.Signals) => {
    rmSync(path, { recursive: true, force: true });
    release();
    process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
  for (const signal of signals) process.on(signal, listener);
  return release;
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

function isManifest(value: unknown): value is GuestManifest {
  if (typeof value !== 'object' || value === null) return false;
  const { recipe, name, arch, packages, files } = value as Record<string, unknown>;
  const plain = (table: unknown) =>
    typeof table === 'object' && table !== null && Object.values(table).every((item) => typeof item === 'string');
  return (
    typeof recipe === 'number' &&
    typeof name === 'string' &&
    typeof arch === 'string' &&
    plain(packages) &&
    plain(files)
  );
}
