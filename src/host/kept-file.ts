import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

const MAGIC = Buffer.from('emu jit\n');
const ENDING = '.jit';
/** Files in a folder, bytes of one, and milliseconds after which one that was never finished goes. */
const MOST = { files: 16, bytes: 32 * 2 ** 20, age: 3_600_000 } as const;
/** Others may write. */
const SHARED = 0o022;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/**
 * A file of plain data for later runs, of which nothing depends: what is missing, damaged, or could have been written by
 * another user counts as not there, and a folder that cannot be written stays as it is.
 */
export class KeptFile {
  readonly #folder: string;
  readonly #name: string;

  /** @param of what the data belongs to: other data has another file */
  constructor(folder: string, of: readonly (string | Uint8Array)[]) {
    this.#folder = folder;
    const hash = createHash('sha256');
    for (const part of of) hash.update(sha256(typeof part === 'string' ? Buffer.from(part) : part));
    this.#name = hash.digest('hex').slice(0, 32);
  }

  get path(): string {
    return join(this.#folder, this.#name + ENDING);
  }

  /** What was written, or undefined. The file counts as used now. */
  read(): unknown {
    try {
      const file = openSync(this.path, 'r');
      try {
        const info = fstatSync(file);
        if (!info.isFile() || info.size > MOST.bytes || (info.mode & SHARED) !== 0) return undefined;
        if (process.getuid !== undefined && info.uid !== process.getuid()) return undefined;
        const bytes = readFileSync(file);
        const [magic, sum, data] = [bytes.subarray(0, 8), bytes.subarray(8, 40), bytes.subarray(40)];
        if (!magic.equals(MAGIC) || !sha256(data).equals(sum)) return undefined;
        const now = new Date();
        // On a file system that is read-only the file keeps its date.
        tryTo(() => futimesSync(file, now, now));
        return deserialize(data);
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
  }

  /** Puts the file in place of an older one, in one step; the files that were not used for longest go. */
  write(value: unknown): void {
    tryTo(() => {
      const data = serialize(value);
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const work = join(this.#folder, `.${this.#name}.${process.pid}.${Math.random().toString(36).slice(2)}`);
      try {
        writeFileSync(work, Buffer.concat([MAGIC, sha256(data), data]), { mode: 0o600, flag: 'wx' });
        renameSync(work, this.path);
      } catch (error) {
        rmSync(work, { force: true });
        throw error;
      }
      this.#evict();
    });
  }

  #evict(): void {
    const files = readdirSync(this.#folder).map((name) => join(this.#folder, name));
    const dated = files.map((path) => ({ path, date: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
    const whole = dated.filter(({ path }) => path.endsWith(ENDING)).sort((a, b) => b.date - a.date);
    const unfinished = dated.filter(({ path, date }) => UNFINISHED.test(path) && Date.now() - date > MOST.age);
    for (const { path } of [...whole.slice(MOST.files), ...unfinished]) rmSync(path, { force: true });
  }
}

const UNFINISHED = /\/\.[0-9a-f]{32}\.\d+\.\w+$/;

function tryTo(action: () => void): void {
  try {
    action();
  } catch {}
}

/**
 * A name for the code that runs: data of other code is not for it. Files of an installation have their sizes and dates,
 * which a build or a change gives anew.
 */
export function nameOfCode(): string {
  const folder = dirname(import.meta.dirname);
  const parts = [process.version, process.versions.v8, process.arch];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.[jt]s$/.test(name)) continue;
    const { size, mtimeMs } = statSync(join(folder, name));
    parts.push(`${name} ${size} ${mtimeMs}`);
  }
  return parts.join('\n');
}

/** Does something once: when the promise resolves, or else when the process ends. */
export function atEnd(over: Promise<unknown>, action: () => void): void {
  const once = (): void => {
    process.removeListener('exit', once);
    action();
  };
  process.once('exit', once);
  void over.then(once);
}
