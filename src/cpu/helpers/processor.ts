import type { CpuContext } from '../context.ts';
import { raiseGP, raiseUD } from '../fault.ts';
import { readMsr, readTsc, writeMsr } from '../msr.ts';
import { CR4, FS, GS, RAX, RBX, RCX, RDX, W } from '../state.ts';
import { isCanonical, isReal } from './descriptors.ts';

const OSXSAVE = 1 << 27;
const RESULTS = [RAX, RBX, RCX, RDX];

/** CPUID, MSRs, time-stamp counter, HLT, INVLPG, FS and GS bases. */
export function processorHelpers(cpu: CpuContext) {
  const { w } = cpu;

  function checkTsd(): void {
    if (w[W.cpl] !== 0 && (w[W.cr4]! & CR4.TSD) !== 0) raiseGP(0);
  }
  function baseWord(seg: number): number {
    if ((w[W.cr4]! & CR4.FSGSBASE) === 0) raiseUD();
    return W.base + 2 * (seg === 0 ? FS : GS);
  }

  return {
    /** Writes EAX, EBX, ECX and EDX. */
    cpuid(leaf: number, subleaf: number): void {
      const result = cpu.model.cpuid(leaf, subleaf);
      RESULTS.forEach((register, n) => {
        w[W.gpr + 2 * register] = result[n]!;
        w[W.gpr + 2 * register + 1] = 0;
      });
      const saves = leaf === 1 && (w[W.cr4]! & CR4.OSXSAVE) !== 0;
      if (saves) w[W.gpr + 2 * RCX] = w[W.gpr + 2 * RCX]! | OSXSAVE;
    },
    readMsr: (number: number): number => readMsr(cpu, number),
    writeMsr: (number: number, low: number, high: number): void => writeMsr(cpu, number, low, high),
    readTimeStamp(): number {
      checkTsd();
      return readTsc(cpu);
    },
    halt(): void {
      w[W.halted] = 1;
    },
    invalidatePage(low: number, high: number): void {
      if (isCanonical(high)) cpu.memory.flushPage(low, high);
    },
    /** #GP(0) outside CPL 0 while CR4.UMIP is set: SGDT, SIDT, SLDT, SMSW, STR. */
    checkUmip(): void {
      if (!isReal(w) && w[W.cpl] !== 0 && (w[W.cr4]! & CR4.UMIP) !== 0) raiseGP(0);
    },
    /** RDFSBASE (0) and RDGSBASE (1). */
    readBase(which: number): number {
      const word = baseWord(which);
      w[W.hi] = w[word + 1]!;
      return w[word]!;
    },
    writeBase(which: number, low: number, high: number): void {
      const word = baseWord(which);
      if (!isCanonical(high)) raiseGP(0);
      w[word] = low;
      w[word + 1] = high;
    },
  };
}
