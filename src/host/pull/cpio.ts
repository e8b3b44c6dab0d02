/** File types of an inode's mode (POSIX <sys/stat.h>). */
const S_IFCHR = 0o020000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

/** One member of an archive; `path` has no leading slash, `mode` holds the permission bits only. */
export type CpioEntry = { readonly path: string } & (
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'file'; readonly mode: number; readonly data: Uint8Array | string }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'character device'; readonly mode: number; readonly major: number; readonly minor: number }
);

const utf8 = new TextEncoder();

/**
 * An archive in the "newc" format that Linux takes as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 * Owner is root and the time is 0, so that equal entries give equal bytes.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => {
    parts.push(...member(entry, index + 1));
  });
  parts.push(...record('TRAILER!!!', { inode: 0, mode: 0, links: 1, data: new Uint8Array(0), major: 0, minor: 0 }));
  return Buffer.concat(parts);
}

interface Inode {
  inode: number;
  mode: number;
  links: number;
  data: Uint8Array;
  major: number;
  minor: number;
}

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  const plain = { inode, links: 1, data: new Uint8Array(0), major: 0, minor: 0 };
  switch (entry.kind) {
    case 'directory':
      return record(entry.path, { ...plain, mode: S_IFDIR | entry.mode, links: 2 });
    case 'file': {
      const data = typeof entry.data === 'string' ? utf8.encode(entry.data) : entry.data;
      return record(entry.path, { ...plain, mode: S_IFREG | entry.mode, data });
    }
    case 'symlink':
      return record(entry.path, { ...plain, mode: S_IFLNK | 0o777, data: utf8.encode(entry.target) });
    case 'character device':
      return record(entry.path, { ...plain, mode: S_IFCHR | entry.mode, major: entry.major, minor: entry.minor });
  }
}

function record(path: string, { inode, mode, links, data, major, minor }: Inode): Uint8Array[] {
  const name = utf8.encode(`${path}\0`);
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = utf8.encode('070701' + fields.map((field) => field.toString(16).padStart(8, '0')).join(''));
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3);
