import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGuest, GUEST_ARCHITECTURES, type PulledGuest } from '../../src/host/pull/pull-debian.ts';
import { buildFloatProgram, CASES, compareFloat, hostRuns } from './float-program.ts';
import { ShellSession } from './session.ts';
import { fileOf, WORKLOADS, workloadsOnHost } from './workloads.ts';

const TEN_MINUTES = 600_000;
const guests = await Promise.all(
  GUEST_ARCHITECTURES.map(async (arch) => ({ arch, guest: await findGuest('debian', { arch }) })),
);

/** One boot for all checks of an architecture: with 128 MB, the least that must do. */
describe.each(guests)('Debian $arch', ({ arch, guest }) => {
  const why = guest === undefined ? ` (skipped: not in the cache, run emu pull debian --arch ${arch})` : '';
  const check = it.skipIf(guest === undefined);
  const alien = guest !== undefined && !hostRuns(arch);
  const checkWithHost = it.skipIf(guest === undefined || alien);
  const whyNot = alien ? ' (skipped: this host does not run such programs)' : why;
  let directory: string;
  let program: string;
  let session: ShellSession;

  beforeAll(async () => {
    if (guest === undefined) return;
    directory = mkdtempSync(join(tmpdir(), 'emu-boot-'));
    program = buildFloatProgram(arch, directory);
    session = await ShellSession.boot(guest, { memory: '128M' }, [
      { kind: 'directory', path: 'test', mode: 0o755 },
      { kind: 'file', path: 'test/float', mode: 0o755, data: readFileSync(program) },
      { kind: 'file', path: 'test/workloads', mode: 0o644, data: WORKLOADS },
    ]);
  }, TEN_MINUTES);

  afterAll(async () => {
    if (session === undefined) return;
    await session.machine.stop();
    rmSync(directory, { recursive: true });
  });

  check(`answers at its shell${why}`, async () => {
    expect(await session.run('echo $((6 * 7)) $(uname -m)')).toBe(`42 ${arch === 'amd64' ? 'x86_64' : 'i686'}\n`);
  });

  checkWithHost(
    `runs programs with the results that they have on the host${whyNot}`,
    async () => {
      await session.run('dmesg -n 1'); // the kernel's own lines would come in between
      const here = await session.run('mkdir /tmp/w; cd /tmp/w; BB=/bin/busybox sh /test/workloads; cd');
      expect(here).toBe(workloadsOnHost(hostBusybox(guest!, directory), directory));
      expect(here).toMatch(/same[\s\S]*done\n$/);
    },
    TEN_MINUTES,
  );

  checkWithHost(
    `computes ${CASES} x87 and SSE results as the host does${whyNot}`,
    async () => {
      const seed = randomInt(2 ** 31);
      console.log(`float.c, ${arch}: seed ${seed}`);
      expect(await compareFloat(program, (command) => session.run(command), seed)).toEqual([]);
    },
    TEN_MINUTES,
  );

  check('powers off', async () => {
    expect(await session.powerOff()).toEqual({ reason: 'poweroff' });
  });
});

/** The guest's own busybox, which the host runs as well. */
function hostBusybox(guest: PulledGuest, directory: string): string {
  const path = join(directory, 'busybox');
  writeFileSync(path, fileOf(readFileSync(guest.initrd), 'bin/busybox'), { mode: 0o755 });
  return path;
}
