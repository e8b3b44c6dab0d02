import { copyFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PackageRecord, PrivateApt } from './apt.ts';
import { type CachedGuest, defaultCacheDirectory, readGuest, replaceGuest } from './guest-cache.ts';
import { busyboxInitramfs, INITRAMFS_RECIPE } from './initramfs.ts';
import { OWN_KERNEL_HINT, PullError } from './pull-error.ts';
import { unpackPackage } from './run-tool.ts';

/** Debian's names of the architectures that guests are made for. */
export const GUEST_ARCHITECTURES = ['amd64', 'i386'] as const;
export type GuestArch = (typeof GUEST_ARCHITECTURES)[number];

/** The guests that can be pulled: a shell on busybox, and the installer's text mode. */
export const GUEST_NAMES = ['debian', 'debian-installer'] as const;
export type GuestName = (typeof GUEST_NAMES)[number];

export interface PullOptions {
  readonly arch?: GuestArch;
  /** Folder of all guests; `emu` in the user's cache folder when not given. */
  readonly cacheDir?: string;
  /** Make the guest anew even when the cached one is complete. */
  readonly force?: boolean;
  /** Told what is going on, one line at a time. */
  readonly log?: (line: string) => void;
}

/** A guest that is ready to boot. */
export interface PulledGuest {
  readonly name: GuestName;
  readonly arch: GuestArch;
  readonly directory: string;
  /** Paths of the bzImage and the initramfs. */
  readonly kernel: string;
  readonly initrd: string;
  /** Package name to version. */
  readonly packages: Readonly<Record<string, string>>;
  /** True when the cache already held it. */
  readonly upToDate: boolean;
}

interface Recipe {
  readonly recipe: number;
  make(apt: PrivateApt, arch: GuestArch, into: string, scratch: string, log: Log): Promise<PackageRecord[]>;
}
type Log = (line: string) => void;

const KERNEL = 'vmlinuz';
const INITRD = 'initrd.gz';
/** Debian's package that depends on the newest kernel; i386 takes the one for CPUs without PAE. */
const NEWEST_KERNEL: Record<GuestArch, string> = { amd64: 'linux-image-cloud-amd64', i386: 'linux-image-686' };
const INSTALLER_PACKAGE = (arch: GuestArch): string => `debian-installer-12-netboot-${arch}`;

const RECIPES: Record<GuestName, Recipe> = {
  debian: {
    recipe: INITRAMFS_RECIPE,
    async make(apt, arch, into, scratch, log) {
      const kernel = await newestKernel(apt, arch);
      const busybox = await wanted(apt, 'busybox-static', arch);
      await unpackPackage(await fetch(apt, kernel, log), ['./boot/vmlinuz-*'], scratch);
      await unpackPackage(await fetch(apt, busybox, log), ['./bin/busybox'], scratch);
      const [image] = await readdir(join(scratch, 'boot'));
      await rename(join(scratch, 'boot', image), join(into, KERNEL));
      await writeFile(join(into, INITRD), busyboxInitramfs(await readFile(join(scratch, 'bin/busybox'))));
      return [kernel, busybox];
    },
  },
  'debian-installer': {
    recipe: 1,
    async make(apt, arch, into, scratch, log) {
      const installer = await wanted(apt, INSTALLER_PACKAGE(arch), arch);
      const folder = `./usr/lib/debian-installer/images/12/${arch}/text/debian-installer/${arch}`;
      await unpackPackage(await fetch(apt, installer, log), [`${folder}/linux`, `${folder}/initrd.gz`], scratch);
      await copyFile(join(scratch, folder, 'linux'), join(into, KERNEL));
      await copyFile(join(scratch, folder, 'initrd.gz'), join(into, INITRD));
      return [installer];
    },
  },
};

/** Makes the guest `emu boot debian` out of Debian's kernel and busybox packages. @throws PullError */
export const pullDebian = (options: PullOptions = {}): Promise<PulledGuest> => pull('debian', options);

/** Fetches kernel and initrd of the Debian installer's text mode. @throws PullError */
export const pullDebianInstaller = (options: PullOptions = {}): Promise<PulledGuest> =>
  pull('debian-installer', options);

/** The guest in the cache, or undefined when it was not pulled (or must be pulled again). */
export async function findGuest(name: GuestName, options: PullOptions = {}): Promise<PulledGuest | undefined> {
  const { arch = 'amd64', cacheDir = defaultCacheDirectory() } = options;
  const cached = await readGuest(join(cacheDir, `${name}-${arch}`), RECIPES[name].recipe);
  return cached === undefined ? undefined : describe(name, arch, cached, true);
}

async function pull(name: GuestName, options: PullOptions): Promise<PulledGuest> {
  const { arch = 'amd64', cacheDir = defaultCacheDirectory(), force = false, log = () => {} } = options;
  if (!GUEST_ARCHITECTURES.includes(arch)) {
    throw new PullError(`unknown architecture '${arch}': choose one of ${GUEST_ARCHITECTURES.join(', ')}`);
  }
  const found = force ? undefined : await findGuest(name, { arch, cacheDir });
  if (found !== undefined) {
    log(`${name} (${arch}) is up to date in ${found.directory}; --force makes it anew`);
    return found;
  }
  const { recipe, make } = RECIPES[name];
  const fill = async (into: string, scratch: string) => {
    log(`reading the package lists for ${arch}`);
    const apt = await PrivateApt.open(join(scratch, 'apt'), arch, log);
    const packages = await make(apt, arch, into, scratch, log);
    return { recipe, name, arch, packages: Object.fromEntries(packages.map((item) => [item.name, item.version])) };
  };
  const made = await replaceGuest(join(cacheDir, `${name}-${arch}`), fill, [KERNEL, INITRD]);
  log(`${name} (${arch}) is ready in ${made.directory}`);
  return describe(name, arch, made, false);
}

const describe = (name: GuestName, arch: GuestArch, cached: CachedGuest, upToDate: boolean): PulledGuest => ({
  name,
  arch,
  directory: cached.directory,
  kernel: join(cached.directory, KERNEL),
  initrd: join(cached.directory, INITRD),
  packages: cached.manifest.packages,
  upToDate,
});

async function newestKernel(apt: PrivateApt, arch: GuestArch): Promise<PackageRecord> {
  const meta = await wanted(apt, NEWEST_KERNEL[arch], arch);
  const image = meta.depends.find((name) => name.startsWith('linux-image-'));
  if (image === undefined) throw new PullError(`${meta.name} ${meta.version} names no kernel; ${OWN_KERNEL_HINT}`);
  return wanted(apt, image, arch);
}

async function wanted(apt: PrivateApt, name: string, arch: GuestArch): Promise<PackageRecord> {
  const record = await apt.find(name);
  if (record !== undefined) return record;
  throw new PullError(
    `no apt source of this host has the package ${name} for ${arch}: add a Debian source to apt's, or ${OWN_KERNEL_HINT}`,
  );
}

function fetch(apt: PrivateApt, { name, version, size }: PackageRecord, log: Log): Promise<string> {
  log(`downloading ${name} ${version} (${(size / 1e6).toFixed(1)} MB)`);
  return apt.download(name);
}
