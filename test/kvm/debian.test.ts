import { expect, test } from 'vitest';
import { createMachine, findGuest } from '../../src/index.ts';
import { NO_KVM } from './support.ts';

const PROMPT = 'emu:~# ';
/** Long enough for twenty moves to fall into it. */
const WORK = 'head -c 16777216 /dev/zero | sha256sum; head -c 1000000 /bin/busybox | gzip -c | sha256sum';
const MOVES = 20;
/** Milliseconds between two moves. */
const PAUSE = 100;

const guest = await findGuest('debian', { arch: 'amd64' });
const why = NO_KVM ?? (guest === undefined ? 'not in the cache, run emu pull debian' : undefined);

test.skipIf(why !== undefined)(
  `Debian moves between tcg and kvm while it works, and computes the same${why === undefined ? '' : ` (skipped: ${why})`}`,
  async () => {
    const { kernel, initrd } = guest!;
    const machine = await createMachine({ kernel, initrd, append: 'console=ttyS0', accel: 'tcg:kvm' });
    const { console: serial } = machine;
    const results = async (): Promise<string[]> => {
      const text = await serial.waitFor(PROMPT, 250_000);
      return [...text.matchAll(/^[\da-f]{64}/gm)].map(([sum]) => sum);
    };
    machine.start();
    try {
      await serial.waitFor(PROMPT, 250_000);
      serial.type('dmesg -n 1\n');
      await serial.waitFor(PROMPT);
      serial.type(`${WORK}\n`);
      const expected = await results();
      expect(expected).toHaveLength(2);

      await machine.switchAccelerator('kvm');
      serial.type(`${WORK}\n`);
      expect(await results()).toEqual(expected);
      expect(machine.kvm!.counts.runs).toBeGreaterThan(0);

      serial.type(`${WORK}\n`);
      for (let n = 0; n < MOVES; n++) {
        await machine.switchAccelerator(n % 2 === 0 ? 'tcg' : 'kvm');
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      expect(await results()).toEqual(expected);
    } finally {
      await machine.stop();
    }
  },
);
