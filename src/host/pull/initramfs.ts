import { gzipSync } from 'node:zlib';
import { type CpioEntry, cpioArchive } from './cpio.ts';

/** The line that the guest prints when its shell is about to start. */
export const SHELL_READY = 'emu: shell ready';

/** Changes whenever the guest's files below change, so that an older cached guest is made anew. */
export const INITRAMFS_RECIPE = 3;

const INIT = `#!/bin/busybox sh
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
/bin/busybox --install -s
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
hostname -F /etc/hostname
ifconfig lo 127.0.0.1 up 2>/dev/null
exec /sbin/init
`;

const INITTAB = `::sysinit:/bin/echo ${SHELL_READY}
::respawn:cttyhack /bin/sh -l
::ctrlaltdel:/sbin/reboot
`;

const PROFILE = `export PATH=/sbin:/usr/sbin:/bin:/usr/bin HOME=/root USER=root LOGNAME=root
PS1='emu:\\w\\$ '
alias ll='ls -l'
cd
`;

const directory = (path: string, mode = 0o755): CpioEntry => ({ kind: 'directory', path, mode });
const text = (path: string, data: string, mode = 0o644): CpioEntry => ({ kind: 'file', path, mode, data });
const device = (path: string, mode: number, major: number, minor: number): CpioEntry => ({
  kind: 'character device',
  path,
  mode,
  major,
  minor,
});

/**
 * A root file system of busybox alone, gzip-compressed: mounts the kernel's file systems, prints
 * {@link SHELL_READY} and keeps a shell with job control on the console; `poweroff` and `reboot` work.
 * @param busybox the statically linked program, for the guest's architecture
 */
export function busyboxInitramfs(busybox: Uint8Array): Uint8Array {
  const folders = ['bin', 'sbin', 'usr', 'usr/bin', 'usr/sbin', 'dev', 'proc', 'sys', 'run', 'mnt', 'etc', 'var'];
  const archive = cpioArchive([
    ...folders.map((path) => directory(path)),
    directory('root', 0o700),
    directory('tmp', 0o1777),
    device('dev/console', 0o600, 5, 1),
    device('dev/null', 0o666, 1, 3),
    device('dev/ttyS0', 0o600, 4, 64),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: busybox },
    text('init', INIT, 0o755),
    text('etc/inittab', INITTAB),
    text('etc/profile', PROFILE),
    text('etc/hostname', 'emu\n'),
    text('etc/hosts', '127.0.0.1 localhost emu\n'),
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'),
    text('etc/group', 'root:x:0:\n'),
  ]);
  return gzipSync(archive, { level: 9 });
}
