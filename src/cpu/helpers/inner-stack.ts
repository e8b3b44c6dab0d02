import type { CpuContext } from '../context.ts';
import { raise, VECTOR } from '../fault.ts';
import { TR, W } from '../state.ts';
import { isNull, tableAddress } from './descriptors.ts';
import { readStackSegment } from './segment-registers.ts';
import { Stack } from './stack.ts';

const TSS_BASE = W.base + 2 * TR;

/** Linear address (high half in W.hi) of `bytes` bytes of the TSS; #TS(TR) when they lie beyond its limit. */
function tssAddress({ w }: CpuContext, offset: number, bytes: number, ext: number): number {
  if (offset + bytes - 1 > w[W.limit + TR]! >>> 0) raise(VECTOR.TS, (w[W.selector + TR]! & 0xfffc) | ext);
  return tableAddress(w, TSS_BASE, offset);
}

/** A stack of an inner level as the TSS gives it, with the descriptor that will go into SS. */
export interface InnerStack {
  readonly stack: Stack;
  readonly selector: number;
  readonly low: number;
  readonly high: number;
}

/** The stack for privilege level `cpl` from a 16- or 32-bit TSS (SDM 3A 5.8.5). */
export function innerStack(cpu: CpuContext, cpl: number, ext: number): InnerStack {
  const { w, memory } = cpu;
  let pointer: number;
  let selector: number;
  if ((w[W.attributes + TR]! & 8) !== 0) {
    const at = tssAddress(cpu, 4 + 8 * cpl, 6, ext);
    pointer = memory.read32(at, 0, false);
    selector = memory.read16((at + 4) | 0, 0, false);
  } else {
    const at = tssAddress(cpu, 2 + 4 * cpl, 4, ext);
    pointer = memory.read16(at, 0, false);
    selector = memory.read16((at + 2) | 0, 0, false);
  }
  if (isNull(selector)) raise(VECTOR.TS, ext);
  const low = readStackSegment(cpu, selector, cpl, VECTOR.TS, ext);
  const high = w[W.hi]!;
  return { stack: Stack.legacy(cpu, low, high, pointer, cpl, (selector & 0xfffc) | ext), selector, low, high };
}

/** A stack pointer from the 64-bit TSS: RSP0-RSP2 by `cpl`, or IST `ist` when it is not 0 (SDM 3A 6.14.5). */
export function longStack(cpu: CpuContext, cpl: number, ist: number, ext: number): Stack {
  const { w, memory } = cpu;
  const at = tssAddress(cpu, ist === 0 ? 4 + 8 * cpl : 0x1c + 8 * ist, 8, ext);
  const low = memory.read64(at, w[W.hi]!, false);
  return Stack.long(cpu, low, w[W.hi]!, cpl, ext);
}
