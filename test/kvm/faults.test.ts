import { describe, expect, test } from 'vitest';
import { InterruptLatch } from '../../src/accel/interrupt-latch.ts';
import type { Interpreter } from '../../src/accel/kvm/core.ts';
import { type Libc, loadLibc } from '../../src/accel/kvm/ffi.ts';
import { KvmHost } from '../../src/accel/kvm/index.ts';
import { ERRNO, KvmError } from '../../src/accel/kvm/kvm-error.ts';
import { openWith } from '../../src/accel/kvm/system.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { GuestRam } from '../../src/memory/ram.ts';
import { Bench, faulty, kvmFiles, NO_KVM, WHY } from './support.ts';

/** A machine as far as KVM is concerned, made and ended. */
function makeAndEnd(libc: Libc): void {
  const system = openWith(libc);
  try {
    const host = new KvmHost(system);
    const map = new AddressMap(new GuestRam(host.allocate(1 << 20), 1 << 20));
    map.add({ kind: 'ram', name: 'RAM', base: 0, length: 1 << 20, offset: 0 });
    const interrupts = new InterruptLatch({ pending: false, acknowledge: () => 0 });
    const board = { memory: map, ports: { read: () => 0, write: () => {} }, interrupts };
    const model = host.limitModel(parseCpuModel('qemu64'));
    // Nothing runs, so that nothing is interpreted.
    const interpreter = {} as Interpreter;
    host.createVcpu(board, { model, interpreter, sliceNs: () => 1e6 }).close();
  } finally {
    system.close();
  }
}

describe.skipIf(NO_KVM !== undefined)(`calls that fail${WHY}`, () => {
  test('each call of the start-up: an error in one line or no harm, and no file stays open', async () => {
    const libc = await loadLibc();
    let calls = 0;
    makeAndEnd(faulty(libc, () => 0 * ++calls));
    expect(calls).toBeGreaterThan(60);
    const messages = new Set<string>();
    for (let broken = 0; broken < calls; broken++) {
      let n = 0;
      try {
        makeAndEnd(faulty(libc, () => (n++ === broken ? ERRNO.EINVAL : 0)));
      } catch (error) {
        expect(error).toBeInstanceOf(KvmError);
        expect((error as Error).message).not.toContain('\n');
        messages.add((error as Error).message);
      }
      expect(kvmFiles(), `call ${broken}`).toEqual([]);
    }
    expect(messages.size).toBeGreaterThan(12);
  });

  test.each([
    [ERRNO.ENOENT, 'modprobe kvm_intel'],
    [ERRNO.EACCES, 'usermod -aG kvm'],
    [ERRNO.EBUSY, 'another hypervisor'],
    [ERRNO.ENODEV, 'no driver behind it'],
    [ERRNO.EMFILE, 'EMFILE'],
  ])('opening fails with %i: the remedy says %s', async (errno, remedy) => {
    const libc = await loadLibc();
    expect(() => openWith(faulty(libc, (name) => (name === 'open' ? errno : 0)))).toThrow(remedy);
  });

  test('a device that is not KVM', async () => {
    const libc = await loadLibc();
    expect(() => openWith(libc, '/dev/null')).toThrow('/dev/null is not KVM');
    expect(() => openWith({ ...faulty(libc, () => 0), ioctl: () => 11 })).toThrow('API version 11');
  });

  test('no memory for the guest: says how much, and what helps', async () => {
    const libc = await loadLibc();
    const system = openWith(libc);
    expect(() => new KvmHost(system).allocate(2 ** 47)).toThrow(
      /does not give 134217728 MB \(ENOMEM\): choose less memory/,
    );
    system.close();
  });

  test('a storm of EINTR and EAGAIN only costs time', async () => {
    const libc = await loadLibc();
    let n = 0;
    const bench = new Bench(
      faulty(libc, (name) => (name === 'run' && n++ % 3 !== 2 ? [ERRNO.EINTR, ERRNO.EAGAIN][n % 2]! : 0)),
    );
    try {
      // mov cx,100; again: out 80h,al; loop again; hlt
      bench.realMode([0xb9, 100, 0, 0xe6, 0x80, 0xe2, 0xfc, 0xf4]);
      expect(bench.runToHalt()).toBe('halt');
      expect(bench.seen).toHaveLength(100);
    } finally {
      bench.close();
    }
  });

  test('KVM_RUN that fails ends the machine with the reason', async () => {
    const libc = await loadLibc();
    let armed = false;
    const bench = new Bench(faulty(libc, (name) => (name === 'run' && armed ? ERRNO.EFAULT : 0)));
    try {
      bench.realMode([0xf4]);
      armed = true;
      expect(bench.kvm.run(1)).toEqual({ reason: 'fatal', message: 'KVM_RUN failed with EFAULT' });
      armed = false;
    } finally {
      bench.close();
    }
  });
});
