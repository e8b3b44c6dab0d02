import type { CpuContext } from './context.ts';
import { raiseGP } from './fault.ts';
import { setPaging } from './helpers/control-registers.ts';
import { isCanonical } from './helpers/descriptors.ts';
import { CR0, EFER, FS, GS, W } from './state.ts';

/**
 * One model-specific register. Values are two int32 halves: `read` returns the low one and leaves the high one in
 * W.hi, `write` raises #GP(0) for values that the register refuses.
 */
interface Msr {
  readonly name: string;
  /** CPUID feature without which the register does not exist. */
  readonly feature?: string;
  /** The register exists on AMD models only. */
  readonly amd?: true;
  read(cpu: CpuContext): number;
  write(cpu: CpuContext, low: number, high: number): void;
}

type Access = Pick<Msr, 'read' | 'write'>;

const readWords = (cpu: CpuContext, word: number): number => {
  cpu.w[W.hi] = cpu.w[word + 1]!;
  return cpu.w[word]!;
};
const storeWords = (cpu: CpuContext, word: number, low: number, high: number): void => {
  cpu.w[word] = low;
  cpu.w[word + 1] = high;
};

/** A register that lives in state at `word` and takes what `check` lets pass. */
const stored = (word: number, check: (low: number, high: number) => boolean = () => true): Access => ({
  read: (cpu) => readWords(cpu, word),
  write(cpu, low, high) {
    if (!check(low, high)) raiseGP(0);
    storeWords(cpu, word, low, high);
  },
});
/** A linear address: #GP(0) when it is not canonical. */
const address = (word: number): Access => stored(word, (_, high) => isCanonical(high));
const constant = (low: number, high = 0): Access => ({
  read(cpu) {
    cpu.w[W.hi] = high;
    return low;
  },
  write: () => raiseGP(0),
});
/** Reads as 0; writes are accepted and change nothing, as the register governs what is not there. */
const inert: Access = { read: constant(0).read, write: () => {} };
const writeOnly: Access = { read: () => raiseGP(0), write: () => {} };

/** Low half of the guest's time-stamp counter, high half in W.hi. */
export function readTsc(cpu: CpuContext): number {
  const value = cpu.tsc() + cpu.state.get('tscOffset');
  cpu.w[W.hi] = Number(BigInt.asIntN(32, value >> 32n));
  return Number(BigInt.asIntN(32, value));
}

function writeTsc(cpu: CpuContext, low: number, high: number): void {
  const wanted = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  cpu.state.set('tscOffset', wanted - cpu.tsc());
}

/** IA32_EFER (SDM 3A 2.2.1): LME may change only while paging is off; LMA follows from both. */
function writeEfer(cpu: CpuContext, low: number, high: number): void {
  const { w, model } = cpu;
  const old = w[W.efer]!;
  let allowed: number = EFER.LMA;
  if (model.features.has('syscall')) allowed |= EFER.SCE;
  if (model.features.has('lm')) allowed |= EFER.LME;
  if (model.features.has('nx')) allowed |= EFER.NXE;
  const efer = (low & ~EFER.LMA) | (old & EFER.LMA);
  const paging = (w[W.cr0]! & CR0.PG) !== 0;
  if (high !== 0 || (low & ~allowed) !== 0 || (paging && ((efer ^ old) & EFER.LME) !== 0)) raiseGP(0);
  if (((efer ^ old) & EFER.NXE) !== 0) setPaging(cpu, w[W.cr0]!, w[W.cr4]!, efer, false);
  else w[W.efer] = efer;
}

const isMemoryType = (type: number): boolean => type <= 6 && type !== 2 && type !== 3;
/** IA32_PAT: each byte a memory type, UC- (7) included. */
function isPat(low: number, high: number): boolean {
  return [low, high].every((half) =>
    [0, 8, 16, 24].every((shift) => {
      const type = (half >>> shift) & 0xff;
      return type === 7 || isMemoryType(type);
    }),
  );
}
const FIXED_MTRRS = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
const fixedTypes = (low: number, high: number): boolean =>
  [low, high].every((half) => [0, 8, 16, 24].every((shift) => isMemoryType((half >>> shift) & 0xff)));

/** Fixed-range and variable-range MTRRs (SDM 3A 11.11). */
const MTRRS: readonly (readonly [number, Msr])[] = [
  ...FIXED_MTRRS.map(
    (number, n) =>
      [number, { name: `IA32_MTRR_FIX_${n}`, feature: 'mtrr', ...stored(W.mtrrFixed + 2 * n, fixedTypes) }] as const,
  ),
  ...Array.from(
    { length: 16 },
    (_, n) =>
      [
        0x200 + n,
        {
          name: `IA32_MTRR_PHYS${n % 2 === 0 ? 'BASE' : 'MASK'}${n >> 1}`,
          feature: 'mtrr',
          ...stored(W.mtrrVariable + 2 * n),
        },
      ] as const,
  ),
];

/** MSRs by number (SDM 4 table 2-2; AMD APM 2 appendix A). */
const MSRS: ReadonlyMap<number, Msr> = new Map<number, Msr>([
  // biome-ignore-start format: table
  [0x00000010, { name: 'IA32_TIME_STAMP_COUNTER', feature: 'tsc', read: readTsc, write: writeTsc }],
  [0x00000017, { name: 'IA32_PLATFORM_ID', ...constant(0) }],
  [0x0000001b, { name: 'IA32_APIC_BASE', feature: 'apic', ...stored(W.apicBase) }],
  // The counter is host time plus this offset, so the offset is what the register asks for (SDM 3B 17.17.3).
  [0x0000003b, { name: 'IA32_TSC_ADJUST', feature: 'tsc-adjust', ...stored(W.tscOffset) }],
  [0x00000079, { name: 'IA32_BIOS_UPDT_TRIG', ...writeOnly }],
  [0x0000008b, { name: 'IA32_BIOS_SIGN_ID', read: constant(0, 1).read, write: () => {} }],
  [0x000000fe, { name: 'IA32_MTRRCAP', feature: 'mtrr', ...constant(0x508) }],
  [0x00000174, { name: 'IA32_SYSENTER_CS', feature: 'sep', ...stored(W.sysenterCs) }],
  [0x00000175, { name: 'IA32_SYSENTER_ESP', feature: 'sep', ...address(W.sysenterEsp) }],
  [0x00000176, { name: 'IA32_SYSENTER_EIP', feature: 'sep', ...address(W.sysenterEip) }],
  [0x00000179, { name: 'IA32_MCG_CAP', feature: 'mca', ...constant(0) }],
  [0x0000017a, { name: 'IA32_MCG_STATUS', feature: 'mca', ...inert }],
  [0x000001a0, { name: 'IA32_MISC_ENABLE', ...stored(W.miscEnable) }],
  [0x00000277, { name: 'IA32_PAT', feature: 'pat', ...stored(W.pat, isPat) }],
  [
    0x000002ff,
    {
      name: 'IA32_MTRR_DEF_TYPE',
      feature: 'mtrr',
      ...stored(W.mtrrDefType, (low, high) => high === 0 && (low & ~0xcff) === 0 && isMemoryType(low & 0xff)),
    },
  ],
  [0xc0000080, { name: 'IA32_EFER', feature: 'nx', read: (cpu) => readWords(cpu, W.efer), write: writeEfer }],
  [0xc0000081, { name: 'IA32_STAR', feature: 'syscall', ...stored(W.star) }],
  [0xc0000082, { name: 'IA32_LSTAR', feature: 'lm', ...address(W.lstar) }],
  [0xc0000083, { name: 'IA32_CSTAR', feature: 'lm', ...address(W.cstar) }],
  [0xc0000084, { name: 'IA32_FMASK', feature: 'lm', ...stored(W.sfmask) }],
  [0xc0000100, { name: 'IA32_FS_BASE', feature: 'lm', ...address(W.base + 2 * FS) }],
  [0xc0000101, { name: 'IA32_GS_BASE', feature: 'lm', ...address(W.base + 2 * GS) }],
  [0xc0000102, { name: 'IA32_KERNEL_GS_BASE', feature: 'lm', ...address(W.kernelGsBase) }],
  [0xc0000103, { name: 'IA32_TSC_AUX', feature: 'rdtscp', ...stored(W.tscAux, (_, high) => high === 0) }],
  [0xc0010010, { name: 'SYSCFG', amd: true, ...inert }],
  [0xc0010015, { name: 'HWCR', amd: true, ...inert }],
  [0xc001001a, { name: 'TOP_MEM', amd: true, ...inert }],
  [0xc001001d, { name: 'TOM2', amd: true, ...inert }],
  [0xc001001f, { name: 'NB_CFG', amd: true, ...inert }],
  [0xc0010055, { name: 'INT_PENDING', amd: true, ...inert }],
  [0xc0010112, { name: 'SMM_ADDR', amd: true, ...inert }],
  [0xc0010113, { name: 'SMM_MASK', amd: true, ...inert }],
  // biome-ignore-end format: table
  ...MTRRS,
]);

function find(cpu: CpuContext, number: number): Msr {
  const msr = MSRS.get(number >>> 0) ?? raiseGP(0);
  if (msr.feature !== undefined && !cpu.model.features.has(msr.feature)) raiseGP(0);
  if (msr.amd === true && cpu.model.vendor !== 'AuthenticAMD') raiseGP(0);
  return msr;
}

/** RDMSR: low half, high half in W.hi; #GP(0) for a register that this model does not have. */
export const readMsr = (cpu: CpuContext, number: number): number => find(cpu, number).read(cpu);

/** WRMSR. */
export const writeMsr = (cpu: CpuContext, number: number, low: number, high: number): void =>
  find(cpu, number).write(cpu, low, high);
