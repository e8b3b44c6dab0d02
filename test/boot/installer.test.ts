import { expect, it } from 'vitest';
import { findGuest, GUEST_ARCHITECTURES } from '../../src/host/pull/pull-debian.ts';
import { builtLibrary } from './engine.ts';

/** Some two minutes each: only the architectures that are named here. */
const WANTED = (process.env.EMU_TEST_INSTALLER ?? '').split(',');
const PATIENCE_MS = 600_000;
const MEMORY = { amd64: '1G', i386: '512M' };

for (const arch of GUEST_ARCHITECTURES) {
  const guest = await findGuest('debian-installer', { arch });
  const why = !WANTED.includes(arch)
    ? ` (skipped: set EMU_TEST_INSTALLER=${arch} to run it)`
    : guest === undefined
      ? ` (skipped: not in the cache, run emu pull debian-installer --arch ${arch})`
      : '';
  it.skipIf(why !== '')(
    `Debian's installer for ${arch} draws its first dialog on the serial line${why}`,
    async () => {
      const { createMachine } = await builtLibrary();
      const { kernel, initrd } = guest!;
      const machine = await createMachine({ kernel, initrd, memory: MEMORY[arch], append: 'console=ttyS0' });
      const started = performance.now();
      machine.start();
      try {
        expect(await machine.console.waitFor('Choose the language', PATIENCE_MS)).toContain('Linux version');
        await machine.console.waitFor(/English[\s\S]*Go Back/, PATIENCE_MS);
        console.log(`${arch}: drawn after ${((performance.now() - started) / 1000).toFixed(0)} s`);
      } finally {
        await machine.stop();
      }
    },
    PATIENCE_MS,
  );
}
