/**
 * emu as a library: make a machine, let it run, talk to it.
 *
 * ```ts
 * import { createMachine } from 'emu';
 *
 * const machine = await createMachine({ kernel: 'bzImage', initrd: 'initrd.gz', append: 'console=ttyS0' });
 * machine.start();
 * await machine.console.waitFor('login:');
 * machine.console.type('root\n');
 * await machine.stop();
 * ```
 */

export type { Breakpoint, DebugCause, Vcpu, VcpuExit } from './accel/accelerator.ts';
export type { AcceleratorName } from './accel/handover.ts';
export { KvmError } from './accel/kvm/kvm-error.ts';
export type { JitOptions } from './accel/tcg/jit/options.ts';
export { PASSES, type Passes, type PassName } from './accel/tcg/jit/passes.ts';
export type { Tier } from './accel/tcg/vcpu.ts';
export { type CharBackend, NULL_CHAR } from './bus/backends.ts';
export { type CpuModel, DEFAULT_MODEL, MODEL_NAMES, parseCpuModel } from './cpu/cpuid.ts';
export { CpuState, FIELDS, type FieldName } from './cpu/state.ts';
export { FileError } from './host/files.ts';
export {
  findGuest,
  type GuestArch,
  type GuestName,
  type PulledGuest,
  type PullOptions,
  pullDebian,
  pullDebianInstaller,
} from './host/pull/pull-debian.ts';
export { PullError } from './host/pull/pull-error.ts';
export { BootError } from './machine/boot/boot-error.ts';
export { SerialConsole } from './machine/console.ts';
export { createMachine, type FileOrBytes, type MachineOptions } from './machine/create-machine.ts';
export { Machine, type MachineConfig, type MachineExit } from './machine/machine.ts';
