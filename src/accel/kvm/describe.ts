import { DEFAULT_MODEL, parseCpuModel } from '../../cpu/cpuid.ts';
import { CAP, KVM_API_VERSION } from './ioctl.ts';
import { measureExit } from './measure.ts';
import { KVM_DEVICE, type KvmKind, type KvmSystem, unsupportedFeatures } from './system.ts';

export const KINDS: Readonly<Record<KvmKind, string>> = {
  vmx: 'Intel VT-x',
  svm: 'AMD-V',
  pvm: 'page-table virtualisation: programs in ring 3 of 64-bit guests run on the processor, the rest in the interpreter',
  unknown: 'not shown by this host',
};

/** What this KVM offers to a machine: name and text of each line. @throws KvmError when the measurement fails */
export function describeKvm(system: KvmSystem): (readonly [name: string, text: string])[] {
  const capabilities = Object.entries(CAP).map(([name, number]) => {
    const value = system.capability(number);
    return value === 1 ? name : `${name}=${value}`;
  });
  const missing = unsupportedFeatures(system, parseCpuModel(DEFAULT_MODEL));
  const last = (from: number): string =>
    Math.max(from, ...system.cpuidLeaves.filter(({ leaf }) => leaf >>> 28 === from >>> 28).map(({ leaf }) => leaf))
      .toString(16)
      .toUpperCase();
  const cost = measureExit(system);
  return [
    ['device', `${KVM_DEVICE}, API version ${KVM_API_VERSION}`],
    ['kind', KINDS[system.kind]],
    ['capabilities', capabilities.join(' ')],
    ['CPUID', `leaves to ${last(0)}h and ${last(0x80000000)}h`],
    ['CPU features', missing.length === 0 ? 'all of emu' : `not ${missing.join(' ')}`],
    ['exit cost', `${cost.median.toFixed(1)} us for a port write (median; best ${cost.best.toFixed(1)} us)`],
  ];
}
