import type { CpuContext } from '../context.ts';
import { raiseGP, raiseUD } from '../fault.ts';
import { updateMode } from '../mode.ts';
import { AR, CR0, CR3, CR4, CS, EFER, TR, W } from '../state.ts';
import { is64Bit, isLongActive } from './descriptors.ts';

const CR0_DEFINED = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.ET | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD | CR0.PG;

/** CR4 bits and the CPUID feature that makes each one writable. */
const CR4_FEATURES: readonly (readonly [bit: number, feature: string])[] = [
  [CR4.TSD, 'tsc'],
  [CR4.DE, 'de'],
  [CR4.PSE, 'pse'],
  [CR4.PAE, 'pae'],
  [CR4.MCE, 'mce'],
  [CR4.PGE, 'pge'],
  [CR4.OSFXSR, 'fxsr'],
  [CR4.OSXMMEXCPT, 'sse'],
  [CR4.UMIP, 'umip'],
  [CR4.FSGSBASE, 'fsgsbase'],
  [CR4.PCIDE, 'pcid'],
  [CR4.OSXSAVE, 'xsave'],
  [CR4.SMEP, 'smep'],
];
const CR4_PAGING = CR4.PSE | CR4.PAE | CR4.PGE | CR4.PCIDE | CR4.SMEP;
/** Bit 63 of what is loaded into CR3 while CR4.PCIDE is set: the identifier's translations are kept. */
const KEEP = 1 << 31;
const PDPTE_RESERVED = 0x1e6;

const paePaging = (w: Int32Array): boolean =>
  (w[W.cr0]! & CR0.PG) !== 0 && (w[W.cr4]! & CR4.PAE) !== 0 && !isLongActive(w);

/** Reads and checks the four PDPTEs that `cr3` points to: #GP(0) on reserved bits (SDM 3A 4.4.1). */
function readPdptes(cpu: CpuContext, cr3: number): Int32Array {
  const entries = new Int32Array(8);
  const table = (cr3 & 0xffffffe0) >>> 0;
  const reservedHigh = -1 << (cpu.model.physicalBits - 32);
  for (let n = 0; n < 4; n++) {
    const low = cpu.memory.readPhysical32(table + 8 * n);
    const high = cpu.memory.readPhysical32(table + 8 * n + 4);
    if ((low & 1) !== 0 && ((low & PDPTE_RESERVED) !== 0 || (high & reservedHigh) !== 0)) raiseGP(0);
    entries[2 * n] = low;
    entries[2 * n + 1] = high;
  }
  return entries;
}

/** Loads CR3 and, with PAE paging, the PDPTEs; drops translations that are not global, or as CR4.PCIDE has it. */
export function loadCr3(cpu: CpuContext, low: number, high: number): void {
  const { w } = cpu;
  const tagged = (w[W.cr4]! & CR4.PCIDE) !== 0;
  const base = tagged ? high & ~KEEP : high;
  if (base >>> 0 >= 2 ** (cpu.model.physicalBits - 32)) raiseGP(0);
  if (paePaging(w)) w.set(readPdptes(cpu, low), W.pdpte);
  w[W.cr3] = low;
  w[W.cr3 + 1] = base;
  if (tagged) cpu.memory.contextChanged(base !== high);
  else cpu.memory.pagingChanged();
}

/** Takes new CR0, CR4 and EFER values at once, with the PDPTEs that go with them. */
export function setPaging(cpu: CpuContext, cr0: number, cr4: number, efer: number, reload: boolean): void {
  const { w } = cpu;
  const pae = (cr0 & CR0.PG) !== 0 && (cr4 & CR4.PAE) !== 0 && (efer & EFER.LMA) === 0;
  if (pae && reload) w.set(readPdptes(cpu, w[W.cr3]!), W.pdpte);
  w[W.cr0] = cr0;
  w[W.cr4] = cr4;
  w[W.efer] = efer;
  cpu.memory.pagingChanged();
  updateMode(w);
}

/** MOV to CR0 and LMSW (SDM 3A 2.5, 4.1.2, 9.8.5). */
function writeCr0(cpu: CpuContext, low: number, high: number): void {
  const { w } = cpu;
  const cr0 = (low & CR0_DEFINED) | CR0.ET;
  const changed = cr0 ^ w[W.cr0]!;
  const paging = (cr0 & CR0.PG) !== 0;
  if (high !== 0 || (paging && (cr0 & CR0.PE) === 0) || (cr0 & (CR0.NW | CR0.CD)) === CR0.NW) raiseGP(0);
  if (!paging && (w[W.cr4]! & CR4.PCIDE) !== 0) raiseGP(0);
  let efer = w[W.efer]!;
  if ((changed & CR0.PG) !== 0 && (efer & EFER.LME) !== 0) {
    const is16BitTss = (w[W.attributes + TR]! & 8) === 0 && (w[W.attributes + TR]! & AR.UNUSABLE) === 0;
    const longCode = (w[W.attributes + CS]! & AR.L) !== 0;
    if (paging && ((w[W.cr4]! & CR4.PAE) === 0 || longCode || is16BitTss)) raiseGP(0);
    if (!paging && is64Bit(w)) raiseGP(0);
    efer = paging ? efer | EFER.LMA : efer & ~EFER.LMA;
  }
  if ((changed & (CR0.PG | CR0.PE | CR0.WP | CR0.CD | CR0.NW)) !== 0) {
    setPaging(cpu, cr0, w[W.cr4]!, efer, (changed & (CR0.PG | CR0.CD | CR0.NW)) !== 0);
  } else {
    w[W.cr0] = cr0;
    updateMode(w);
  }
}

function writeCr4(cpu: CpuContext, low: number, high: number): void {
  const { w } = cpu;
  let writable = 0;
  for (const [bit, feature] of CR4_FEATURES) if (cpu.model.features.has(feature)) writable |= bit;
  if (high !== 0 || (low & ~writable) !== 0) raiseGP(0);
  if (isLongActive(w) && (low & CR4.PAE) === 0) raiseGP(0);
  const tags = (low & ~w[W.cr4]! & CR4.PCIDE) !== 0;
  if (tags && (!isLongActive(w) || (w[W.cr3]! & CR3.PCID) !== 0)) raiseGP(0);
  if (((low ^ w[W.cr4]!) & CR4_PAGING) !== 0) setPaging(cpu, w[W.cr0]!, low, w[W.efer]!, true);
  else {
    w[W.cr4] = low;
    updateMode(w);
  }
}

/** MOV CR, LMSW, CLTS, XSETBV (SDM 2B MOV-Control Registers). CPL has been checked. */
export function controlRegisterHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const WORDS: Readonly<Record<number, number>> = { 0: W.cr0, 2: W.cr2, 3: W.cr3, 4: W.cr4, 8: W.cr8 };

  function checkXcr(index: number): void {
    if ((w[W.cr4]! & CR4.OSXSAVE) === 0) raiseUD();
    if (index !== 0) raiseGP(0);
  }

  return {
    /** Low half; high half in W.hi. #UD for numbers other than 0, 2, 3, 4, 8. */
    readControl(number: number): number {
      const word = WORDS[number] ?? raiseUD();
      w[W.hi] = w[word + 1]!;
      return w[word]!;
    },
    writeControl(number: number, low: number, high: number): void {
      switch (number) {
        case 0:
          writeCr0(cpu, low, high);
          return;
        case 2:
          w[W.cr2] = low;
          w[W.cr2 + 1] = high;
          return;
        case 3:
          loadCr3(cpu, low, high);
          return;
        case 4:
          writeCr4(cpu, low, high);
          return;
        case 8:
          if (high !== 0 || (low & ~15) !== 0) raiseGP(0);
          w[W.cr8] = low;
          cpu.attention();
          return;
        default:
          raiseUD();
          return;
      }
    },
    /** LMSW changes PE, MP, EM and TS, and cannot clear PE. */
    loadMachineStatus(value: number): void {
      const cr0 = w[W.cr0]!;
      writeCr0(cpu, (cr0 & ~0xe) | (value & 0xf), 0);
    },
    clearTaskSwitched(): void {
      w[W.cr0] = w[W.cr0]! & ~CR0.TS;
      updateMode(w);
    },
    readXcr(index: number): number {
      checkXcr(index);
      w[W.hi] = 0;
      return w[W.xcr0]!;
    },
    /** XCR0: x87 always, SSE at will, nothing else. */
    writeXcr(index: number, low: number, high: number): void {
      checkXcr(index);
      if (high !== 0 || (low & ~3) !== 0 || (low & 1) === 0) raiseGP(0);
      w[W.xcr0] = low;
    },
  };
}
