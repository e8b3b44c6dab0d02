import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateApt } from '../../src/host/pull/apt.ts';
import { type CpioEntry, cpioArchive } from '../../src/host/pull/cpio.ts';
import { findGuest, type GuestArch } from '../../src/host/pull/pull-debian.ts';
import { unpackPackage } from '../../src/host/pull/run-tool.ts';
import { CACHE } from './build.ts';
import type { BootJob } from './engines.ts';
import { type Work, workFiles } from './work-table.ts';

/** Lua and what it is linked with: packages, and their files by pattern. */
const LUA: Readonly<Record<string, readonly string[]>> = {
  'lua5.4': ['./usr/bin/lua5.4'],
  libc6: ['./lib/*/libc.so.6', './lib/*/libm.so.6', './lib/*/ld-linux*'],
  libreadline8: ['./lib/*/libreadline.so.8*'],
  libtinfo6: ['./lib/*/libtinfo.so.6*'],
};
/** Where programs of an architecture look for their loader. */
const LOADER: Record<GuestArch, string> = { amd64: 'lib64/ld-linux-x86-64.so.2', i386: 'lib/ld-linux.so.2' };

/** Debian's guest with Lua in it, which does `works` instead of opening a shell. @throws Error when it was not pulled */
export async function workGuest(arch: GuestArch, works: readonly Work[], rounds: number): Promise<BootJob> {
  const guest = await findGuest('debian', { arch });
  if (guest === undefined) throw new Error(`no such guest: emu pull debian --arch=${arch}`);
  const packages = await luaFiles(arch);
  const entries: CpioEntry[] = [
    { kind: 'directory', path: 'lib64', mode: 0o755 },
    { kind: 'directory', path: 'lib', mode: 0o755 },
  ];
  for (const name of readdirSync(packages)) {
    const path = name === 'lua5.4' ? 'bin/lua5.4' : name.startsWith('ld-linux') ? LOADER[arch] : `lib/${name}`;
    entries.push({ kind: 'file', path, mode: 0o755, data: readFileSync(join(packages, name)) });
  }
  for (const [path, data] of Object.entries(workFiles(works, rounds))) {
    entries.push({ kind: 'file', path, mode: 0o644, data });
  }
  // Linux unpacks one archive after the other; each begins at a multiple of 4.
  const shell = readFileSync(guest.initrd);
  const image = Buffer.concat([shell, Buffer.alloc(-shell.length & 3), cpioArchive(entries)]);
  const key = createHash('sha256').update(image).digest('hex').slice(0, 12);
  const initrd = join(CACHE, `work-${arch}-${key}.cpio`);
  if (!existsSync(initrd)) {
    writeFileSync(`${initrd}.${process.pid}`, image);
    renameSync(`${initrd}.${process.pid}`, initrd);
  }
  return { arch, kernel: guest.kernel, initrd };
}

/** A folder with Lua and its libraries, fetched once. */
async function luaFiles(arch: GuestArch): Promise<string> {
  const out = join(CACHE, `lua-${arch}`);
  if (existsSync(out)) return out;
  const scratch = `${out}.${process.pid}`;
  const [unpacked, flat] = [join(scratch, 'unpacked'), join(scratch, 'flat')];
  for (const folder of [unpacked, flat]) mkdirSync(folder, { recursive: true });
  try {
    const apt = await PrivateApt.open(join(scratch, 'apt'), arch, (line) => process.stderr.write(`${line}\n`));
    for (const [name, members] of Object.entries(LUA)) await unpackPackage(await apt.download(name), members, unpacked);
    for (const entry of readdirSync(unpacked, { recursive: true, withFileTypes: true })) {
      // Where a link leads to is read in its place.
      if (!entry.isDirectory()) writeFileSync(join(flat, entry.name), readFileSync(join(entry.parentPath, entry.name)));
    }
    renameSync(flat, out);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return out;
}
