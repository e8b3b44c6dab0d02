import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRecord } from './apt.ts';
import { defaultCacheDirectory, readGuest, replaceGuest } from './guest-cache.ts';
import { findGuest, pullDebian } from './pull-debian.ts';
import { PullError } from './pull-error.ts';

const path = process.env.PATH;
let folder: string;
let cacheDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emu-pull-'));
  cacheDir = join(folder, 'cache');
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** Puts shell scripts in the place of every program. */
function onlyTools(tools: Record<string, string>): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  process.env.PATH = bin;
}

const make = (content: string) => async (into: string) => {
  writeFileSync(join(into, 'vmlinuz'), content);
  return { recipe: 1, name: 'debian', arch: 'i386', packages: { busybox: '1.35' } };
};

describe('pullDebian', () => {
  it('names --kernel on a host without apt and leaves nothing behind', async () => {
    onlyTools({});
    await expect(pullDebian({ cacheDir })).rejects.toThrow(/^apt-config is not installed: .* --kernel FILE/);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('names the package that no source has', async () => {
    onlyTools({ 'apt-config': '', 'apt-get': '', 'apt-cache': 'echo "E: No packages found" >&2; exit 100' });
    await expect(pullDebian({ cacheDir, arch: 'i386' })).rejects.toThrow(
      /no apt source of this host has the package linux-image-686 for i386/,
    );
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it("reports apt's reason when a download fails, in one line", async () => {
    onlyTools({
      'apt-config': '',
      'apt-get': 'echo "W: hm" >&2; echo "E: Could not resolve host" >&2; exit 100',
      'apt-cache': 'printf "Package: %s\\nVersion: 1\\nDepends: linux-image-1-686 (= 1)\\n" "$4"',
    });
    const failure = await pullDebian({ cacheDir, arch: 'i386' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PullError);
    expect((failure as Error).message).toBe(
      'cannot download linux-image-1-686 (i386): Could not resolve host; check the network and retry',
    );
  });

  it('says where the cache could be when it cannot be written', async () => {
    writeFileSync(cacheDir, 'a file');
    await expect(pullDebian({ cacheDir })).rejects.toThrow(/^cannot write the cache of guests: .*set XDG_CACHE_HOME/);
  });

  it('refuses an architecture that it does not know', async () => {
    await expect(pullDebian({ cacheDir, arch: 'arm64' as 'i386' })).rejects.toThrow(/choose one of amd64, i386/);
  });
});

describe('the cache of guests', () => {
  it('finds a complete guest again and refuses a changed, an incomplete and an outdated one', async () => {
    const directory = join(cacheDir, 'debian-i386');
    const { manifest } = await replaceGuest(directory, make('kernel'), ['vmlinuz']);
    expect(await readGuest(directory, 1)).toEqual({ directory, manifest });
    expect(await readGuest(directory, 2)).toBeUndefined();
    writeFileSync(join(directory, 'vmlinuz'), 'other');
    expect(await readGuest(directory, 1)).toBeUndefined();
    writeFileSync(join(directory, 'manifest.json'), '{"recipe": 1, "files": 7}');
    expect(await readGuest(directory, 1)).toBeUndefined();
    expect(await findGuest('debian', { cacheDir: join(folder, 'none') })).toBeUndefined();
  });

  it('replaces a guest in one step, and keeps the old one when making the new one fails', async () => {
    const directory = join(cacheDir, 'debian-i386');
    await replaceGuest(directory, make('old'), ['vmlinuz']);
    await expect(replaceGuest(directory, make('new'), ['initrd.gz'])).rejects.toThrow(PullError);
    expect(readFileSync(join(directory, 'vmlinuz'), 'utf8')).toBe('old');
    await replaceGuest(directory, make('new'), ['vmlinuz']);
    expect(readFileSync(join(directory, 'vmlinuz'), 'utf8')).toBe('new');
    expect(readdirSync(cacheDir)).toEqual(['debian-i386']);
  });

  it('lies under XDG_CACHE_HOME only when that is an absolute path', () => {
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/var/cache/me' })).toBe('/var/cache/me/emu');
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/emu$/);
    expect(defaultCacheDirectory({})).toMatch(/\/\.cache\/emu$/);
  });
});

describe('parseRecord', () => {
  it('reads the first paragraph and the bare names of its dependencies', () => {
    const text = 'Package: a\nVersion: 1:2~3\nDepends: b (= 1), c | d, e:any\nSize: 12\n\nPackage: z\nVersion: 9\n';
    expect(parseRecord(text)).toEqual({ name: 'a', version: '1:2~3', depends: ['b', 'c', 'e'], size: 12 });
    expect(parseRecord('N: no such package')).toBeUndefined();
  });
});
