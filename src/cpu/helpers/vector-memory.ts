import type { CpuContext } from '../context.ts';
import { raiseGP } from '../fault.ts';
import { MODE } from '../mode.ts';
import { W } from '../state.ts';

/** Bits of MXCSR that may be set: all below 16, with DAZ (SDM 1 10.2.3). */
export const MXCSR_MASK = 0xffff;

export function vectorMemoryHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;
  const { bytes: u8 } = cpu.state;

  return {
    /** Writes the bytes at state word `s` whose byte at state word `mask` has its top bit set. */
    maskedMove(s: number, mask: number, low: number, high: number, bytes: number): void {
      const user = w[W.cpl] === 3;
      let last = -1;
      let first = -1;
      for (let i = 0; i < bytes; i++) {
        if (u8[4 * mask + i] < 128) continue;
        if (first < 0) first = i;
        last = i;
      }
      if (first < 0) return;
      const at = (i: number): number => (low + i) | 0;
      const long = (w[W.mode] & MODE.CODE) === MODE.CODE_64;
      const highAt = (i: number): number => (long && at(i) >>> 0 < low >>> 0 ? (high + 1) | 0 : high);
      memory.probeWrite(at(first), highAt(first), last - first + 1, user);
      for (let i = first; i <= last; i++) {
        if (u8[4 * mask + i] > 127) memory.write8(at(i), highAt(i), u8[4 * s + i], user);
      }
    },

    ldmxcsr(value: number): void {
      if ((value & ~MXCSR_MASK) !== 0) raiseGP();
      w[W.mxcsr] = value;
    },
  };
}
