import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { openWith } from '../../src/accel/kvm/system.ts';
import { emu, ROOT } from '../cli/run-emu.ts';
import { Bench, NO_KVM, WHY } from './support.ts';

describe.skipIf(NO_KVM !== undefined)(`processes with a virtual CPU${WHY}`, () => {
  let scratch = '';
  let spin = '';
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'emu-kvm-'));
    spin = join(scratch, 'spin.bin');
    const rom = new Uint8Array(0x10000).fill(0xf4);
    // cli; jmp to the start of the ROM
    rom.set([0xfa, 0xe9, 0x0c, 0x00], 0xfff0);
    const out = (port: number, value: number): number[] => [0xba, port & 0xff, port >> 8, 0xb0, value, 0xee];
    const divisor = [...out(0x3fb, 0x83), ...out(0x3f8, 1), ...out(0x3f9, 0), ...out(0x3fb, 3)];
    rom.set([...divisor, ...out(0x3f8, 0x21), 0xeb, 0xfe], 0);
    writeFileSync(spin, rom);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('a guest that never leaves is ended by a signal', async () => {
    let sent = false;
    const { status } = await emu(['boot', '--accel', 'kvm', '--bios', spin], {
      watch: (text, child) => {
        if (sent || !text.includes('!')) return;
        sent = true;
        child.kill('SIGTERM');
      },
    });
    expect([sent, status]).toEqual([true, 143]);
  });

  test('process.exit while the guest runs ends the process', () => {
    const script = `
      import { createMachine } from './src/index.ts';
      const machine = await createMachine({ accel: 'kvm', memory: '16M', firmware: ${JSON.stringify(spin)} });
      machine.start();
      await machine.console.waitFor('!');
      setTimeout(() => process.exit(42), 20);`;
    const node = ['--import', 'tsx', '--input-type=module', '-e', script];
    expect(spawnSync(process.execPath, node, { cwd: ROOT, timeout: 60_000 }).status).toBe(42);
  });

  const device = join(tmpdir(), `emu-kvm-node-${process.pid}`);
  const made = process.getuid?.() === 0 && spawnSync('mknod', [device, 'c', '10', '232']).status === 0;
  afterAll(() => rmSync(device, { force: true }));

  test.skipIf(!made)('the device disappears between two starts: the first machine goes on', async () => {
    const libc = await loadLibc();
    const bench = new Bench(libc);
    try {
      openWith(libc, device).close();
      rmSync(device);
      expect(() => openWith(libc, device)).toThrow(`there is no ${device}: load the module`);
      bench.realMode([0xb0, 0x21, 0xe6, 0x80, 0xf4]);
      expect(bench.runToHalt()).toBe('halt');
    } finally {
      bench.close();
    }
  });
});
