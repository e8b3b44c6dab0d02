import type { CpuModel } from '../../cpu/cpuid.ts';
import type { KvmBoard, KvmCpu, KvmVcpuOptions } from './core.ts';
import type { NativeMemory } from './ffi.ts';
import { mapMemory, PAGE } from './native-struct.ts';
import { type KvmSystem, limitModel, openKvm, unsupportedFeatures } from './system.ts';
import { UserModeVcpu } from './user-vcpu.ts';
import { KvmVcpu } from './vcpu.ts';
import { KvmVm } from './vm.ts';

/** Gives guest memory back when nothing in the program can reach it any more; it must outlive the hosts. */
const UNUSED = new FinalizationRegistry<() => void>((unmap) => unmap());

/** KVM of this host, ready to make machines. */
export class KvmHost {
  readonly system: KvmSystem;
  readonly #addresses = new WeakMap<ArrayBuffer, number>();

  constructor(system: KvmSystem) {
    this.system = system;
  }

  /** False where KVM runs only programs on the processor and emulates the rest. */
  get runsKernels(): boolean {
    return this.system.kind !== 'pvm';
  }

  /** Memory for a guest: zeroed, page-aligned, outside of JavaScript's heap. @throws KvmError */
  allocate(bytes: number): ArrayBuffer {
    const { libc } = this.system;
    const length = Math.ceil(bytes / PAGE) * PAGE;
    const { buffer, address } = mapMemory(libc, length);
    this.#addresses.set(buffer, address);
    UNUSED.register(buffer, () => libc.munmap(address, length));
    return buffer;
  }

  /** Where a buffer of `allocate` lies. */
  memoryOf(buffer: ArrayBuffer): NativeMemory {
    const address = this.#addresses.get(buffer);
    if (address === undefined) throw new Error('guest memory under kvm must come from KvmHost.allocate');
    return { address, buffer };
  }

  /** No further machines; those that run are not concerned. */
  close(): void {
    this.system.close();
  }

  /** The model without the features that this KVM cannot give. */
  limitModel(model: CpuModel): CpuModel {
    return limitModel(this.system, model);
  }

  unsupportedFeatures(model: CpuModel): string[] {
    return unsupportedFeatures(this.system, model);
  }

  /** A machine with one CPU, whose RAM came from `allocate`. @throws KvmError */
  createVcpu(board: KvmBoard, options: KvmVcpuOptions): KvmCpu {
    const vm = new KvmVm(this.system, board.memory, this.memoryOf(board.memory.ram.buffer));
    try {
      return this.runsKernels ? new KvmVcpu(vm, board, options) : new UserModeVcpu(vm, board, options);
    } catch (error) {
      vm.close();
      throw error;
    }
  }
}

/** @throws KvmError with the remedy */
export const openKvmHost = async (): Promise<KvmHost> => new KvmHost(await openKvm());
