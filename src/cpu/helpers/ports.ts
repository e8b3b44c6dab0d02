import type { CpuContext } from '../context.ts';
import { raiseGP } from '../fault.ts';
import { AR, FLAG, TR, W } from '../state.ts';
import { matchPort } from './debug-registers.ts';
import { isReal, TYPE, tableAddress } from './descriptors.ts';
import { iopl } from './flag-transfers.ts';

const IO_MAP_BASE = 0x66;

/** Whether the TSS's I/O permission bitmap allows `size` ports (SDM 1 19.5.2). */
function allowedByBitmap(cpu: CpuContext, port: number, size: number): boolean {
  const { w, memory } = cpu;
  const attributes = w[W.attributes + TR]!;
  const limit = w[W.limit + TR]! >>> 0;
  const is32 = (attributes & (AR.UNUSABLE | TYPE.TSS_32)) === TYPE.TSS_32;
  if (!is32 || limit < IO_MAP_BASE + 1) return false;
  const base = W.base + 2 * TR;
  const at = tableAddress(w, base, IO_MAP_BASE);
  const offset = memory.read16(at, w[W.hi]!, false) + (port >> 3);
  if (offset + 1 > limit) return false;
  const bits = tableAddress(w, base, offset);
  const word = memory.read16(bits, w[W.hi]!, false);
  return ((word >> (port & 7)) & ((1 << size) - 1)) === 0;
}

/** Ports as instructions reach them: IOPL, the bitmap, I/O breakpoints. */
export function portHelpers(cpu: CpuContext) {
  const { w } = cpu;

  function check(port: number, size: number): void {
    const virtual = (w[W.rflags]! & FLAG.VM) !== 0;
    if (isReal(w) ? !virtual : w[W.cpl]! <= iopl(w)) return;
    if (!allowedByBitmap(cpu, port, size)) raiseGP(0);
  }

  function watch(port: number, size: number): void {
    const met = matchPort(w, port, size);
    if (met === 0) return;
    w[W.debugTrap] = w[W.debugTrap]! | met;
    cpu.attention();
  }

  return {
    /** Raises #GP(0) when the current level may not use the ports. */
    checkPort: check,
    portIn(port: number, size: number): number {
      check(port, size);
      watch(port, size);
      return cpu.ports.read(port, size as 1 | 2 | 4) | 0;
    },
    portOut(port: number, size: number, value: number): void {
      check(port, size);
      watch(port, size);
      cpu.ports.write(port, size as 1 | 2 | 4, size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff));
    },
  };
}
