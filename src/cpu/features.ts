/** Where CPUID shows a feature: leaf (sub-leaf 0), register, bit. */
export interface Feature {
  readonly name: string;
  readonly leaf: 1 | 7 | 0x80000001 | 0x80000007;
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx';
  readonly bit: number;
  /** Features without which this one makes no sense: they come and go together. */
  readonly requires: readonly string[];
}

/** `names`: comma-separated items of name, bit, and the features required. */
const at = (leaf: Feature['leaf'], register: Feature['register'], names: string): Feature[] =>
  names.split(',').map((item) => {
    const [name, bit, ...requires] = item.trim().split(/\s+/);
    return { name: name!, leaf, register, bit: Number(bit), requires };
  });

/** Every feature this CPU can show, in QEMU's spelling (SDM 2A CPUID tables 3-10, 3-11; AMD APM 3 appendix E). */
export const FEATURES: readonly Feature[] = [
  ...at(
    1,
    'edx',
    `fpu 0, de 2, pse 3, tsc 4, msr 5, pae 6, mce 7, cx8 8, sep 11, mtrr 12, pge 13, mca 14 mce, cmov 15, pat 16,
     pse36 17 pse, clflush 19, mmx 23 fpu, fxsr 24 fpu, sse 25 fxsr, sse2 26 sse`,
  ),
  ...at(
    1,
    'ecx',
    `pni 0 sse2, ssse3 9 pni, cx16 13 lm, pcid 17 lm, sse4.1 19 ssse3, sse4.2 20 sse4.1, movbe 22, popcnt 23, xsave 26 fxsr,
     hypervisor 31`,
  ),
  ...at(7, 'ebx', 'fsgsbase 0 lm, tsc-adjust 1 tsc, bmi1 3, smep 7, bmi2 8'),
  ...at(7, 'ecx', 'umip 2'),
  ...at(0x80000001, 'edx', 'syscall 11, nx 20 pae, pdpe1gb 26 lm, rdtscp 27 tsc, lm 29 pae sse2 syscall'),
  ...at(0x80000001, 'ecx', 'lahf-lm 0 lm, abm 5'),
  ...at(0x80000007, 'edx', 'invtsc 8 tsc'),
];

/** Names that mean something to QEMU's users but that this CPU never shows: they may be switched off only. */
export const UNSUPPORTED: ReadonlySet<string> = new Set(
  (
    'vme apic pn ds acpi ss ht tm ia64 pbe pclmulqdq dtes64 monitor ds-cpl vmx smx est tm2 cid fma xtpr pdcm ' +
    'dca x2apic tsc-deadline aes osxsave avx f16c rdrand sgx hle avx2 erms invpcid rtm mpx ' +
    'avx512f rdseed adx smap clflushopt clwb sha-ni pku ospke vaes rdpid la57 mmxext fxsr-opt 3dnowext 3dnow ' +
    'cmp-legacy svm extapic cr8legacy sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt lwp fma4 tce topoext ' +
    'perfctr-core xsaveopt xsavec xgetbv1 xsaves spec-ctrl stibp arch-capabilities ssbd ibpb npt arat'
  ).split(' '),
);

const ALIASES: Readonly<Record<string, string>> = {
  sse3: 'pni',
  sse41: 'sse4.1',
  'sse4-1': 'sse4.1',
  sse42: 'sse4.2',
  'sse4-2': 'sse4.2',
  lahf: 'lahf-lm',
  lahf64: 'lahf-lm',
  lzcnt: 'abm',
  xd: 'nx',
  i64: 'lm',
  cmpxchg8b: 'cx8',
  cmpxchg16b: 'cx16',
};

/** QEMU's canonical spelling: lower case, dashes, aliases resolved. The name need not exist. */
export function canonicalFeature(name: string): string {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return ALIASES[plain] ?? plain;
}

const byName = new Map(FEATURES.map((feature) => [feature.name, feature]));

export const isFeature = (name: string): boolean => byName.has(name);

/** Adds a feature and all that it requires. */
export function addFeature(set: Set<string>, name: string): void {
  set.add(name);
  for (const other of byName.get(name)!.requires) addFeature(set, other);
}

/** Removes a feature and all that require it. */
export function removeFeature(set: Set<string>, name: string): void {
  set.delete(name);
  for (const other of FEATURES) {
    if (set.has(other.name) && other.requires.includes(name)) removeFeature(set, other.name);
  }
}
