import { KVM } from '../../src/accel/kvm/ioctl.ts';
import { KvmError } from '../../src/accel/kvm/kvm-error.ts';
import { ExitLoop } from '../../src/accel/kvm/measure.ts';
import { openKvm } from '../../src/accel/kvm/system.ts';
import type { Case } from './suite.ts';

const REPEAT = 100;

/** What it costs to reach the kernel: nanoseconds per call. None where KVM cannot be used; standard error says why. */
export async function kvmCases(): Promise<Case[]> {
  try {
    const system = await openKvm();
    const { libc, fd } = system;
    const loop = new ExitLoop(system);
    const version = libc.prepareIoctl(fd, KVM.GET_API_VERSION, 0);
    const times = (name: string, call: () => void): Case => ({
      group: 'kvm',
      name,
      units: REPEAT,
      run: () => {
        for (let n = 0; n < REPEAT; n++) call();
      },
    });
    return [
      times('FFI: getpid', () => libc.call('getpid', [], [])),
      times('FFI: ioctl KVM_GET_API_VERSION', () => libc.ioctl(fd, KVM.GET_API_VERSION, 0)),
      times('FFI: the same, prepared', () => void version.call()),
      times('port write: out of the guest and back', () => loop.round()),
    ];
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    process.stderr.write(`no figures of kvm: ${error.message}\n`);
    return [];
  }
}
