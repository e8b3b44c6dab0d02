import type { CpuContext } from '../context.ts';
import { raise, raiseGP, raiseUD, VECTOR } from '../fault.ts';
import { updateMode } from '../mode.ts';
import { AR, CS, DS, ES, FLAG, FS, GS, SS, W } from '../state.ts';
import {
  attributesOf,
  dplOf,
  is64Bit,
  isConforming,
  isNull,
  isReal,
  isWritableData,
  markAccessed,
  readDescriptor,
  setNullSegment,
  setSegment,
  setSegmentCache,
} from './descriptors.ts';

/** Access rights of every segment in virtual-8086 mode: writable data, DPL 3 (SDM 3C 26.3.1.2). */
const V86_ATTRIBUTES = 0xf3;
const REAL_DATA = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED;
const REAL_CODE = REAL_DATA | AR.CODE;

/**
 * Loads a segment register in real-address or virtual-8086 mode. Real-address mode keeps the limit and the size
 * bits that protected mode left in the hidden part (SDM 3A 9.9.2).
 */
export function loadRealSegment(w: Int32Array, seg: number, selector: number): void {
  const base = (selector & 0xffff) << 4;
  if ((w[W.rflags]! & FLAG.VM) !== 0) {
    setSegmentCache(w, seg, selector, V86_ATTRIBUTES, 0xffff, base);
    return;
  }
  const old = w[W.attributes + seg]!;
  const unusable = (old & AR.UNUSABLE) !== 0;
  const kept = unusable ? 0 : old & (AR.DB | AR.G);
  const limit = unusable ? 0xffff : w[W.limit + seg]!;
  setSegmentCache(w, seg, selector, kept | (seg === CS ? REAL_CODE : REAL_DATA), limit, base);
}

/**
 * Reads and checks the descriptor of a stack segment for privilege level `cpl`; first word, second in W.hi.
 * `vector` is #GP for loads and returns, #TS for stacks of inner levels. The selector is not null.
 */
export function readStackSegment(cpu: CpuContext, selector: number, cpl: number, vector: number, ext = 0): number {
  const low = readDescriptor(cpu, selector, vector, ext);
  const high = cpu.w[W.hi]!;
  const attributes = attributesOf(high);
  const errorCode = (selector & 0xfffc) | ext;
  if ((selector & 3) !== cpl || dplOf(attributes) !== cpl || !isWritableData(attributes)) raise(vector, errorCode);
  if ((attributes & AR.P) === 0) raise(VECTOR.SS, errorCode);
  return low;
}

function loadStackSegment(cpu: CpuContext, selector: number): void {
  const { w } = cpu;
  const cpl = w[W.cpl]!;
  if (isNull(selector)) {
    if (!is64Bit(w) || cpl === 3 || (selector & 3) !== cpl) raiseGP(0);
    setNullSegment(w, SS, selector, cpl);
    return;
  }
  const low = readStackSegment(cpu, selector, cpl, VECTOR.GP);
  const high = w[W.hi]!;
  markAccessed(cpu, selector, high);
  setSegment(w, SS, selector, low, high);
}

/** Loads DS, ES, FS or GS in protected mode. `vector` is #TS during a task switch. */
export function loadDataSegment(
  cpu: CpuContext,
  seg: number,
  selector: number,
  vector: number = VECTOR.GP,
  ext = 0,
): void {
  const { w } = cpu;
  if (isNull(selector)) {
    setNullSegment(w, seg, selector);
    return;
  }
  const low = readDescriptor(cpu, selector, vector, ext);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const errorCode = (selector & 0xfffc) | ext;
  const readable = (attributes & AR.S) !== 0 && (attributes & (AR.CODE | AR.READABLE)) !== AR.CODE;
  if (!readable) raise(vector, errorCode);
  const dpl = dplOf(attributes);
  if (!isConforming(attributes) && ((selector & 3) > dpl || w[W.cpl]! > dpl)) raise(vector, errorCode);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, errorCode);
  markAccessed(cpu, selector, high);
  setSegment(w, seg, selector, low, high);
}

/** MOV, POP and LDS..LGS to a segment register (SDM 2B MOV). #UD for CS and numbers above 5. */
function loadSegment(cpu: CpuContext, seg: number, selector: number): void {
  if (seg === CS || seg > GS) raiseUD();
  if (isReal(cpu.w)) loadRealSegment(cpu.w, seg, selector);
  else if (seg === SS) loadStackSegment(cpu, selector);
  else loadDataSegment(cpu, seg, selector);
  updateMode(cpu.w);
}

/** After a return to an outer level: data segments that it may not use become null (SDM 2B RET). */
export function dropInnerSegments(w: Int32Array, cpl: number): void {
  for (const seg of [ES, DS, FS, GS]) {
    const attributes = w[W.attributes + seg]!;
    if ((attributes & AR.UNUSABLE) !== 0 || isConforming(attributes)) continue;
    if (dplOf(attributes) < cpl) setNullSegment(w, seg, 0);
  }
}

export function segmentRegisterHelpers(cpu: CpuContext) {
  const { w } = cpu;
  return {
    loadSegment: (seg: number, selector: number): void => loadSegment(cpu, seg, selector),
    /** MOV and POP: SS also holds off interrupts and debug traps for one instruction (SDM 3A 6.8.3). */
    moveToSegment(seg: number, selector: number): void {
      loadSegment(cpu, seg, selector);
      if (seg === SS) w[W.interruptShadow] = w[W.interruptShadow]! | 2;
    },
    /** Selector of a segment register whose number comes from ModR/M. */
    readSelector(seg: number): number {
      if (seg > GS) raiseUD();
      return w[W.selector + seg]!;
    },
  };
}
