import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cpioArchive } from './cpio.ts';
import { busyboxInitramfs, SHELL_READY } from './initramfs.ts';

describe('cpioArchive', () => {
  it('writes the newc header field by field', () => {
    const archive = cpioArchive([{ kind: 'file', path: 'ab', mode: 0o755, data: 'hello' }]);
    const text = Buffer.from(archive).toString('latin1');
    expect(text.slice(0, 110)).toBe(
      '070701' + // magic
        '00000001' + // inode
        '000081ed' + // regular file, 0755
        '00000000'.repeat(2) + // uid, gid
        '00000001' + // links
        '00000000' + // time
        '00000005' + // size
        '00000000'.repeat(4) + // device, rdev
        '00000003' + // name with its NUL
        '00000000', // checksum, unused
    );
    expect(text.slice(110, 124)).toBe('ab\0\0\0\0hello\0\0\0'.slice(0, 14));
    expect(text.slice(124, 130)).toBe('070701');
    expect(text.slice(124)).toContain('TRAILER!!!\0');
    expect(archive.length % 4).toBe(0);
  });

  it('pads names and data of every length, and equal entries give equal bytes', () => {
    const entries = Array.from({ length: 9 }, (_, n) => ({
      kind: 'file' as const,
      path: 'f'.repeat(n + 1),
      mode: 0o644,
      data: new Uint8Array(n).fill(0x41),
    }));
    const archive = cpioArchive(entries);
    expect(archive).toEqual(cpioArchive(entries));
    let at = 0;
    for (const entry of entries) {
      const header = Buffer.from(archive.subarray(at, at + 110)).toString();
      expect(header.startsWith('070701')).toBe(true);
      const name = at + 110;
      expect(Buffer.from(archive.subarray(name, name + entry.path.length)).toString()).toBe(entry.path);
      const data = (name + entry.path.length + 1 + 3) & ~3;
      expect([...archive.subarray(data, data + entry.data.length)]).toEqual([...entry.data]);
      at = (data + entry.data.length + 3) & ~3;
    }
  });
});

describe('busyboxInitramfs', () => {
  const archive = gunzipSync(busyboxInitramfs(new Uint8Array(1001).fill(0x7f)));
  const text = archive.toString('latin1');

  it('holds a device node for the console, busybox and an executable /init', () => {
    const member = (path: string): { mode: number; rdev: [number, number]; size: number } => {
      const name = text.indexOf(`${path}\0`, 110);
      const field = (index: number) => Number.parseInt(text.slice(name - 104 + index * 8, name - 96 + index * 8), 16);
      return { mode: field(1), rdev: [field(9), field(10)], size: field(6) };
    };
    expect(member('dev/console')).toEqual({ mode: 0o020600, rdev: [5, 1], size: 0 });
    expect(member('dev/null')).toEqual({ mode: 0o020666, rdev: [1, 3], size: 0 });
    expect(member('dev/ttyS0')).toEqual({ mode: 0o020600, rdev: [4, 64], size: 0 });
    expect(member('bin/busybox')).toEqual({ mode: 0o100755, rdev: [0, 0], size: 1001 });
    expect(member('init').mode).toBe(0o100755);
    expect(member('tmp').mode).toBe(0o041777);
  });

  it('has a shell that starts after the line that says so', () => {
    expect(text).toContain(`::sysinit:/bin/echo ${SHELL_READY}\n::respawn:cttyhack /bin/sh -l\n`);
  });
});
