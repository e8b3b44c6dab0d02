import type { CpuModel } from '../../cpu/cpuid.ts';
import { CPUID_SIGNIFICANT_INDEX, KVM, offsetOf, STRUCT } from './ioctl.ts';
import { checked } from './kvm-error.ts';
import { NativeBlock } from './native-struct.ts';
import type { KvmSystem } from './system.ts';

/** Leaves whose answer depends on ECX, and how many sub-leaves the models describe. */
const SUBLEAVES: Readonly<Record<number, number>> = { 4: 4, 7: 1, 11: 3, 13: 2 };

interface Entry {
  readonly leaf: number;
  readonly subleaf: number | undefined;
}

function entries(model: CpuModel): Entry[] {
  const range = (first: number): number[] => {
    const last = model.cpuid(first, 0)[0] >>> 0;
    return Array.from({ length: Math.min(64, Math.max(0, last - first + 1)) }, (_, n) => first + n);
  };
  const hypervisor = model.features.has('hypervisor') ? [0x40000000] : [];
  return [...range(0), ...hypervisor, ...range(0x80000000)].flatMap((leaf): Entry[] => {
    const count = SUBLEAVES[leaf];
    if (count === undefined) return [{ leaf, subleaf: undefined }];
    return Array.from({ length: count }, (_, subleaf) => ({ leaf, subleaf }));
  });
}

/** Gives a vCPU the model's CPUID; must come before MSRs and before the first KVM_RUN. @throws KvmError */
export function setGuestCpuid({ libc }: KvmSystem, vcpu: number, model: CpuModel): void {
  const list = entries(model);
  const block = new NativeBlock(libc, STRUCT.kvm_cpuid2.size + list.length * STRUCT.kvm_cpuid_entry2.size);
  try {
    const { view } = block;
    view.setUint32(offsetOf('kvm_cpuid2', 'nent'), list.length, true);
    list.forEach(({ leaf, subleaf }, n) => {
      const at = STRUCT.kvm_cpuid2.size + n * STRUCT.kvm_cpuid_entry2.size;
      const set = (field: keyof typeof STRUCT.kvm_cpuid_entry2.fields, value: number): void =>
        view.setInt32(at + offsetOf('kvm_cpuid_entry2', field), value, true);
      const [eax, ebx, ecx, edx] = model.cpuid(leaf, subleaf ?? 0);
      set('function', leaf);
      set('index', subleaf ?? 0);
      set('flags', subleaf === undefined ? 0 : CPUID_SIGNIFICANT_INDEX);
      set('eax', eax);
      set('ebx', ebx);
      set('ecx', ecx);
      set('edx', edx);
    });
    checked(libc.ioctl(vcpu, KVM.SET_CPUID2, block.address), 'KVM_SET_CPUID2');
  } finally {
    block.free();
  }
}
