import type { CpuContext } from '../context.ts';
import { isGuestFault, raise, raiseGP, VECTOR } from '../fault.ts';
import { readRflags, writeRflags } from '../flags.ts';
import { updateMode } from '../mode.ts';
import { AR, CR0, CS, DS, ES, FLAG, FS, GS, LDTR, SS, TR, W } from '../state.ts';
import { setRip } from './code-segment.ts';
import { loadCr3 } from './control-registers.ts';
import {
  attributesOf,
  baseOf,
  dplOf,
  isCode,
  isConforming,
  isNull,
  limitOf,
  markAccessed,
  readDescriptor,
  setNullSegment,
  setSegment,
  setSegmentCache,
  TYPE,
  writeTypeByte,
} from './descriptors.ts';
import { loadDataSegment, loadRealSegment, readStackSegment } from './segment-registers.ts';

export type TaskTransfer = 'jump' | 'call' | 'return' | 'interrupt';

export interface TaskSwitch {
  /** Of the new task's TSS. */
  readonly selector: number;
  readonly how: TaskTransfer;
  /** The selector came from a task gate. */
  readonly gate: boolean;
  readonly ext: 0 | 1;
  /** Where the old task will go on. */
  readonly nextLow: number;
}

/** A fault in the new task's context, to be delivered there. */
export interface PendingFault {
  readonly vector: number;
  readonly errorCode: number;
}

/** Where a TSS holds what (SDM 3A figures 7-2 and 7-10). `step`: bytes from one register to the next. */
interface TssLayout {
  readonly minimum: number;
  readonly cr3: number | undefined;
  readonly ip: number;
  readonly flags: number;
  readonly registers: number;
  readonly segments: number;
  /** ES CS SS DS, and FS GS in 32-bit ones. */
  readonly segmentCount: number;
  readonly ldt: number;
  readonly step: 2 | 4;
}

const TSS_32: TssLayout = {
  minimum: 0x67,
  cr3: 0x1c,
  ip: 0x20,
  flags: 0x24,
  registers: 0x28,
  segments: 0x48,
  segmentCount: 6,
  ldt: 0x60,
  step: 4,
};
const TSS_16: TssLayout = {
  minimum: 0x2b,
  cr3: undefined,
  ip: 0x0e,
  flags: 0x10,
  registers: 0x12,
  segments: 0x22,
  segmentCount: 4,
  ldt: 0x2a,
  step: 2,
};
const DEBUG_TRAP = 0x64;
const DR6_BT = 0x8000;
/** L0-L3 and LE of DR7: a task switch clears them (SDM 3B 17.2.4). */
const DR7_LOCAL = 0x155;

/** What a TSS says about its task. */
interface TaskImage {
  readonly cr3: number | undefined;
  readonly ip: number;
  readonly flags: number;
  readonly registers: readonly number[];
  readonly selectors: readonly number[];
  readonly ldt: number;
  readonly debugTrap: boolean;
}

const layoutOf = (attributes: number): TssLayout => ((attributes & 8) !== 0 ? TSS_32 : TSS_16);

function readImage(cpu: CpuContext, base: number, layout: TssLayout): TaskImage {
  const { memory } = cpu;
  const word = (offset: number): number => memory.read16((base + offset) | 0, 0, false);
  const item = (offset: number): number =>
    layout.step === 4 ? memory.read32((base + offset) | 0, 0, false) : word(offset);
  const many = (count: number, read: (n: number) => number): number[] =>
    Array.from({ length: count }, (_, n) => read(n));
  return {
    cr3: layout.cr3 === undefined ? undefined : item(layout.cr3),
    ip: item(layout.ip),
    flags: item(layout.flags),
    registers: many(8, (n) => item(layout.registers + n * layout.step)),
    selectors: many(layout.segmentCount, (n) => word(layout.segments + n * layout.step)),
    ldt: word(layout.ldt),
    debugTrap: layout.step === 4 && (word(DEBUG_TRAP) & 1) !== 0,
  };
}

function saveImage(cpu: CpuContext, layout: TssLayout, nextLow: number, flags: number): void {
  const { w, memory } = cpu;
  const base = w[W.base + 2 * TR]!;
  const put = (offset: number, value: number): void => {
    if (layout.step === 4) memory.write32((base + offset) | 0, 0, value, false);
    else memory.write16((base + offset) | 0, 0, value & 0xffff, false);
  };
  put(layout.ip, nextLow);
  put(layout.flags, flags);
  for (let n = 0; n < 8; n++) put(layout.registers + n * layout.step, w[W.gpr + 2 * n]!);
  for (let n = 0; n < layout.segmentCount; n++) {
    memory.write16((base + layout.segments + n * layout.step) | 0, 0, w[W.selector + n]!, false);
  }
}

/** Checks the new TSS's descriptor (SDM 3A table 7-1, checks 1-5); first word, second in W.hi. */
function readTss(cpu: CpuContext, { selector, how, gate, ext }: TaskSwitch): number {
  const { w } = cpu;
  const vector = how === 'return' ? VECTOR.TS : VECTOR.GP;
  const errorCode = (selector & 0xfffc) | ext;
  if ((selector & 4) !== 0 || isNull(selector)) raise(vector, errorCode);
  const low = readDescriptor(cpu, selector, vector, ext);
  const attributes = attributesOf(w[W.hi]!);
  const dpl = dplOf(attributes);
  const wanted = how === 'return' ? TYPE.TSS_16 | TYPE.BUSY : TYPE.TSS_16;
  if ((attributes & (AR.S | 7)) !== wanted) raise(vector, errorCode);
  if (!gate && how !== 'return' && (dpl < w[W.cpl]! || dpl < (selector & 3))) raiseGP(errorCode);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, errorCode);
  if (limitOf(low, w[W.hi]!) >>> 0 < layoutOf(attributes).minimum) raise(VECTOR.TS, errorCode);
  return low;
}

/** Sets or clears the busy bit of a TSS descriptor in the GDT. */
function setBusy(cpu: CpuContext, selector: number, busy: boolean): void {
  readDescriptor(cpu, selector, VECTOR.TS);
  const type = (cpu.w[W.hi]! >>> 8) & 0xff;
  writeTypeByte(cpu, selector, busy ? type | TYPE.BUSY : type & ~TYPE.BUSY);
}

function loadLdtr(cpu: CpuContext, selector: number, ext: number): void {
  const { w } = cpu;
  if (isNull(selector)) return;
  const errorCode = (selector & 0xfffc) | ext;
  if ((selector & 4) !== 0) raise(VECTOR.TS, errorCode);
  const low = readDescriptor(cpu, selector, VECTOR.TS, ext);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  if ((attributes & (AR.S | AR.TYPE | AR.P)) !== (TYPE.LDT | AR.P)) raise(VECTOR.TS, errorCode);
  setSegmentCache(w, LDTR, selector, attributes, limitOf(low, high), baseOf(low, high));
}

function loadCode(cpu: CpuContext, selector: number, ip: number, ext: number): void {
  const { w } = cpu;
  const errorCode = (selector & 0xfffc) | ext;
  if (isNull(selector)) raise(VECTOR.TS, errorCode);
  const low = readDescriptor(cpu, selector, VECTOR.TS, ext);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const rpl = selector & 3;
  const levelFits = isConforming(attributes) ? dplOf(attributes) <= rpl : dplOf(attributes) === rpl;
  if (!isCode(attributes) || !levelFits) raise(VECTOR.TS, errorCode);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, errorCode);
  markAccessed(cpu, selector, high);
  setSegment(w, CS, selector, low, high);
  if (ip >>> 0 > limitOf(low, high) >>> 0) raiseGP(ext);
}

/** Loads the hidden parts of the new task's segments: faults from here on belong to the new task. */
function loadSegments(cpu: CpuContext, image: TaskImage, ext: number): void {
  const { w } = cpu;
  const { selectors } = image;
  loadLdtr(cpu, image.ldt, ext);
  if ((image.flags & FLAG.VM) !== 0) {
    selectors.forEach((selector, seg) => {
      loadRealSegment(w, seg, selector);
    });
    return;
  }
  loadCode(cpu, selectors[CS]!, image.ip, ext);
  const stack = selectors[SS]!;
  if (isNull(stack)) raise(VECTOR.TS, (stack & 0xfffc) | ext);
  const low = readStackSegment(cpu, stack, w[W.cpl]!, VECTOR.TS, ext);
  const high = w[W.hi]!;
  markAccessed(cpu, stack, high);
  setSegment(w, SS, stack, low, high);
  for (const seg of [ES, DS, FS, GS]) loadDataSegment(cpu, seg, selectors[seg] ?? 0, VECTOR.TS, ext);
}

/** Registers of the new task; selectors without hidden parts. */
function enterTask(cpu: CpuContext, image: TaskImage, flags: number): void {
  const { w } = cpu;
  if (image.cr3 !== undefined && (w[W.cr0]! & CR0.PG) !== 0) loadCr3(cpu, image.cr3, 0);
  w[W.cr0] = w[W.cr0]! | CR0.TS;
  w[W.dr + 14] = w[W.dr + 14]! & ~DR7_LOCAL;
  setRip(w, image.ip, 0);
  image.registers.forEach((value, n) => {
    w[W.gpr + 2 * n] = value;
  });
  for (let seg = ES; seg <= GS; seg++) setNullSegment(w, seg, image.selectors[seg] ?? 0);
  setNullSegment(w, LDTR, image.ldt);
  w[W.cpl] = (flags & FLAG.VM) !== 0 ? 3 : image.selectors[CS]! & 3;
  writeRflags(w, flags & 0x3f7fd5);
}

/**
 * Switches tasks (SDM 3A 7.3). Raises what belongs to the old task before any change; returns what belongs to
 * the new one after it.
 */
export function switchTask(cpu: CpuContext, request: TaskSwitch): PendingFault | undefined {
  const { w, memory } = cpu;
  const { selector, how, ext } = request;
  const low = readTss(cpu, request);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const base = baseOf(low, high);
  const image = readImage(cpu, base, layoutOf(attributes));
  const oldSelector = w[W.selector + TR]!;
  const oldLayout = layoutOf(w[W.attributes + TR]!);
  if (oldLayout.minimum > w[W.limit + TR]! >>> 0) raise(VECTOR.TS, (oldSelector & 0xfffc) | ext);
  memory.probeWrite(w[W.base + 2 * TR]!, 0, oldLayout.minimum, false);
  const nested = how === 'call' || how === 'interrupt';
  if (nested) memory.probeWrite(base, 0, 2, false);
  else setBusy(cpu, oldSelector, false);
  const oldFlags = readRflags(w) & ~(how === 'return' ? FLAG.NT : 0);
  saveImage(cpu, oldLayout, request.nextLow, oldFlags);
  if (nested) memory.write16(base, 0, oldSelector, false);
  if (how !== 'return') setBusy(cpu, selector, true);
  setSegmentCache(w, TR, selector, attributes | TYPE.BUSY, limitOf(low, high), base);
  try {
    enterTask(cpu, image, nested ? image.flags | FLAG.NT : image.flags);
    loadSegments(cpu, image, ext);
  } catch (fault) {
    if (!isGuestFault(fault)) throw fault;
    return { vector: fault.vector, errorCode: fault.errorCode };
  } finally {
    updateMode(w);
    if (image.debugTrap) {
      w[W.debugTrap] = w[W.debugTrap]! | DR6_BT;
      cpu.attention();
    }
  }
  return undefined;
}
