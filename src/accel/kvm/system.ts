import { existsSync } from 'node:fs';
import { type CpuidResult, type CpuModel, parseCpuModel } from '../../cpu/cpuid.ts';
import { FEATURES } from '../../cpu/features.ts';
import { type Libc, loadLibc } from './ffi.ts';
import { CAP, KVM, KVM_API_VERSION, offsetOf, STRUCT } from './ioctl.ts';
import { BUSY, checked, ERRNO, errnoName, KvmError } from './kvm-error.ts';
import { NativeBlock } from './native-struct.ts';

export const KVM_DEVICE = '/dev/kvm';
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;

/** Capabilities without which this accelerator cannot work. */
const REQUIRED = ['USER_MEMORY', 'DESTROY_MEMORY_REGION_WORKS', 'EXT_CPUID', 'VCPU_EVENTS', 'DEBUGREGS'] as const;
const CPUID_ENTRIES = 256;
const CPUID_BYTES = STRUCT.kvm_cpuid2.size + CPUID_ENTRIES * STRUCT.kvm_cpuid_entry2.size;

/** Which module serves /dev/kvm, where the host shows it. */
export type KvmKind = 'vmx' | 'svm' | 'pvm' | 'unknown';

/** An open /dev/kvm and what it offers. */
export interface KvmSystem {
  readonly libc: Libc;
  readonly fd: number;
  /** Answer to KVM_CHECK_EXTENSION. */
  capability(cap: number): number;
  readonly runBytes: number;
  readonly kind: KvmKind;
  /** CPUID leaves that KVM can show to a guest. */
  supportedCpuid(leaf: number, subleaf: number): CpuidResult | undefined;
  readonly cpuidLeaves: readonly { readonly leaf: number; readonly subleaf: number; readonly result: CpuidResult }[];
  close(): void;
}

/** Opens /dev/kvm and asks what it offers. @throws KvmError with the remedy */
export async function openKvm(device = KVM_DEVICE): Promise<KvmSystem> {
  return openWith(await loadLibc(), device);
}

/** @throws KvmError */
export function openWith(libc: Libc, device = KVM_DEVICE): KvmSystem {
  const fd = libc.open(device, O_RDWR | O_CLOEXEC);
  if (fd < 0) throw new KvmError(explainOpen(device, -fd));
  try {
    return inspect(libc, fd, device);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function explainOpen(device: string, errno: number): string {
  switch (errno) {
    case ERRNO.ENOENT:
      return `there is no ${device}: load the module (modprobe kvm_intel or kvm_amd), switch virtualisation on in the firmware, in a virtual machine turn on nested virtualisation in its host, or use tcg`;
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return `no permission to open ${device}: add the user to its group (usermod -aG kvm USER, then log in again), or use tcg`;
    case ERRNO.EBUSY:
      return BUSY;
    case ERRNO.ENODEV:
    case ERRNO.ENXIO:
      return `${device} has no driver behind it: switch virtualisation on in the firmware and load kvm_intel or kvm_amd, or use tcg`;
    default:
      return `${device} cannot be opened (${errnoName(errno)}): use tcg`;
  }
}

function inspect(libc: Libc, fd: number, device: string): KvmSystem {
  const version = libc.ioctl(fd, KVM.GET_API_VERSION, 0);
  if (version < 0) throw new KvmError(`${device} is not KVM (${errnoName(-version)}): use tcg`);
  if (version !== KVM_API_VERSION) {
    throw new KvmError(
      `${device} speaks API version ${version}, not ${KVM_API_VERSION}: update the kernel, or use tcg`,
    );
  }
  const capability = (cap: number): number => Math.max(0, libc.ioctl(fd, KVM.CHECK_EXTENSION, cap));
  const missing = REQUIRED.filter((name) => capability(CAP[name]) === 0);
  if (missing.length > 0) {
    const names = missing.map((name) => `KVM_CAP_${name}`).join(', ');
    throw new KvmError(`the KVM of this kernel is too old, it lacks ${names}: update the kernel, or use tcg`);
  }
  const cpuidLeaves = readCpuid(libc, fd);
  return {
    libc,
    fd,
    capability,
    runBytes: checked(libc.ioctl(fd, KVM.GET_VCPU_MMAP_SIZE, 0), 'KVM_GET_VCPU_MMAP_SIZE'),
    kind: kvmKind(),
    cpuidLeaves,
    supportedCpuid: (leaf, subleaf) =>
      cpuidLeaves.find((entry) => entry.leaf === leaf >>> 0 && entry.subleaf === subleaf)?.result,
    close: () => libc.close(fd),
  };
}

function kvmKind(): KvmKind {
  if (existsSync('/sys/module/kvm_pvm')) return 'pvm';
  if (existsSync('/sys/module/kvm_intel')) return 'vmx';
  return existsSync('/sys/module/kvm_amd') ? 'svm' : 'unknown';
}

function readCpuid(libc: Libc, fd: number): KvmSystem['cpuidLeaves'] {
  const block = new NativeBlock(libc, CPUID_BYTES);
  try {
    const { view } = block;
    view.setUint32(offsetOf('kvm_cpuid2', 'nent'), CPUID_ENTRIES, true);
    checked(libc.ioctl(fd, KVM.GET_SUPPORTED_CPUID, block.address), 'KVM_GET_SUPPORTED_CPUID');
    const count = view.getUint32(offsetOf('kvm_cpuid2', 'nent'), true);
    return Array.from({ length: count }, (_, n) => {
      const at = STRUCT.kvm_cpuid2.size + n * STRUCT.kvm_cpuid_entry2.size;
      const word = (field: 'function' | 'index' | 'eax' | 'ebx' | 'ecx' | 'edx'): number =>
        view.getInt32(at + offsetOf('kvm_cpuid_entry2', field), true);
      return {
        leaf: word('function') >>> 0,
        subleaf: word('index') >>> 0,
        result: [word('eax'), word('ebx'), word('ecx'), word('edx')] as const,
      };
    });
  } finally {
    block.free();
  }
}

const REGISTER = { eax: 0, ebx: 1, ecx: 2, edx: 3 } as const;
/** What the model shows although KVM's list need not: it says that there is a hypervisor. */
const OURS = new Set(['hypervisor']);

/** Features of the model that this KVM cannot give to a guest, in QEMU's spelling. */
export function unsupportedFeatures(system: KvmSystem, model: CpuModel): string[] {
  return FEATURES.filter(({ name, leaf, register, bit }) => {
    if (!model.features.has(name) || OURS.has(name)) return false;
    const supported = system.supportedCpuid(leaf, 0);
    return supported === undefined || ((supported[REGISTER[register]] >>> bit) & 1) === 0;
  }).map(({ name }) => name);
}

/** The model without what this KVM cannot give. */
export function limitModel(system: KvmSystem, model: CpuModel): CpuModel {
  const missing = unsupportedFeatures(system, model);
  return missing.length === 0 ? model : parseCpuModel([model.name, ...missing.map((name) => `-${name}`)].join(','));
}
