import type { CpuContext } from '../context.ts';
import { raise, raiseUD, VECTOR } from '../fault.ts';
import { CR0, CR4, W } from '../state.ts';

/** Numbers of the units as translate.ts passes them. */
const X87 = 0;
const SSE = 2;
const FWAIT = 3;
const FSW_ES = 0x80;

/** Availability of the x87 and SSE units (SDM 3A tables 2-2 and 13-1, 2.5). */
export function unitHelpers(cpu: CpuContext) {
  const { w } = cpu;
  return {
    /** #UD or #NM when the unit (0 x87, 1 MMX, 2 SSE, 3 WAIT) may not be used now. */
    unitFault(unit: number): void {
      const cr0 = w[W.cr0]!;
      const emulated = (cr0 & CR0.EM) !== 0;
      const switched = (cr0 & CR0.TS) !== 0;
      if (unit === FWAIT) {
        if (switched && (cr0 & CR0.MP) !== 0) raise(VECTOR.NM);
        return;
      }
      if (unit === X87) {
        if (emulated || switched) raise(VECTOR.NM);
        return;
      }
      if (emulated || (unit === SSE && (w[W.cr4]! & CR4.OSFXSR) === 0)) raiseUD();
      if (switched) raise(VECTOR.NM);
    },

    /** Reports a pending x87 exception: #MF, or FERR# while CR0.NE = 0 (SDM 1 8.7). */
    checkX87(): void {
      if ((w[W.fsw]! & FSW_ES) === 0) return;
      if ((w[W.cr0]! & CR0.NE) !== 0) raise(VECTOR.MF);
      cpu.ferr?.();
    },
  };
}
