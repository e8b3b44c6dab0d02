import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { writeRflags } from '../flags.ts';
import { updateMode } from '../mode.ts';
import { AR, CS, DS, ES, FLAG, FS, GS, RSP, SS, TR, W } from '../state.ts';
import { checkTarget, enterCode, enterRealCode, isBadLongCode, setRip } from './code-segment.ts';
import { instructionBreakpointsArmed } from './debug-registers.ts';
import {
  attributesOf,
  dplOf,
  is64Bit,
  isCode,
  isConforming,
  isLongActive,
  isNull,
  isReal,
  limitOf,
  markAccessed,
  readDescriptor,
  setNullSegment,
  setSegment,
} from './descriptors.ts';
import { checkVirtualIopl, mergeFlags, returnableFlags } from './flag-transfers.ts';
import { transferToTask } from './interrupt.ts';
import { dropInnerSegments, loadRealSegment, readStackSegment } from './segment-registers.ts';
import { Stack } from './stack.ts';

type Size = 2 | 4 | 8;
const SP = W.gpr + 2 * RSP;

/** Second word of the code descriptor that a return goes to is left in W.hi; the first is returned. */
function readReturnCode(cpu: CpuContext, selector: number, ipLow: number, ipHigh: number): number {
  const { w } = cpu;
  if (isNull(selector)) raiseGP(0);
  const low = readDescriptor(cpu, selector, VECTOR.GP);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const rpl = selector & 3;
  const dpl = dplOf(attributes);
  const levelFits = isConforming(attributes) ? dpl <= rpl : dpl === rpl;
  if (!isCode(attributes) || rpl < w[W.cpl]! || !levelFits || isBadLongCode(w, attributes)) {
    raiseGP(selector & 0xfffc);
  }
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, selector & 0xfffc);
  checkTarget(w, ipLow, ipHigh, attributes, limitOf(low, high));
  w[W.hi] = high;
  return low;
}

/** SS:RSP of the level returned to, with SS checked. */
interface OuterStack {
  readonly selector: number;
  readonly low: number;
  readonly high: number;
  readonly pointerLow: number;
  readonly pointerHigh: number;
}

function readOuterStack(cpu: CpuContext, stack: Stack, size: Size, rpl: number, toLong: boolean): OuterStack {
  const { w } = cpu;
  const pointerLow = stack.pop(size);
  const pointerHigh = w[W.hi]!;
  const selector = stack.pop(size) & 0xffff;
  if (isNull(selector)) {
    if (!toLong || rpl === 3 || (selector & 3) !== rpl) raiseGP(0);
    return { selector, low: 0, high: 0, pointerLow, pointerHigh };
  }
  const low = readStackSegment(cpu, selector, rpl, VECTOR.GP);
  const high = w[W.hi]!;
  markAccessed(cpu, selector, high);
  return { selector, low, high, pointerLow, pointerHigh };
}

/** Loads SS and the stack pointer; cannot fault. CS must have been loaded. */
function enterOuterStack(w: Int32Array, outer: OuterStack, extra: number): void {
  if (isNull(outer.selector)) setNullSegment(w, SS, outer.selector, w[W.cpl]!);
  else setSegment(w, SS, outer.selector, outer.low, outer.high);
  const low = (outer.pointerLow + extra) | 0;
  if (is64Bit(w)) {
    w[SP + 1] = (outer.pointerHigh + (low >>> 0 < outer.pointerLow >>> 0 ? 1 : 0)) | 0;
    w[SP] = low;
  } else if ((w[W.attributes + SS]! & AR.DB) !== 0) {
    w[SP] = low;
    w[SP + 1] = 0;
  } else w[SP] = (w[SP]! & 0xffff0000) | (low & 0xffff);
}

function returnFar(cpu: CpuContext, size: Size, extra: number): void {
  const { w } = cpu;
  const stack = Stack.current(cpu);
  const ipLow = stack.pop(size);
  const ipHigh = w[W.hi]!;
  const selector = stack.pop(size) & 0xffff;
  if (isReal(w)) {
    enterRealCode(w, selector, ipLow);
    stack.skip(extra);
    stack.commit();
    return;
  }
  const low = readReturnCode(cpu, selector, ipLow, ipHigh);
  const high = w[W.hi]!;
  const rpl = selector & 3;
  stack.skip(extra);
  if (rpl === w[W.cpl]) {
    markAccessed(cpu, selector, high);
    stack.commit();
    enterCode(w, selector, low, high, rpl);
  } else {
    const outer = readOuterStack(cpu, stack, size, rpl, isLongTarget(w, high));
    markAccessed(cpu, selector, high);
    enterCode(w, selector, low, high, rpl);
    enterOuterStack(w, outer, extra);
    dropInnerSegments(w, rpl);
    updateMode(w);
  }
  setRip(w, ipLow, ipHigh);
}

const isLongTarget = (w: Int32Array, codeHigh: number): boolean =>
  isLongActive(w) && (attributesOf(codeHigh) & AR.L) !== 0;

function returnReal(cpu: CpuContext, size: Size): void {
  const { w } = cpu;
  checkVirtualIopl(w);
  const stack = Stack.current(cpu);
  const ip = stack.pop(size);
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  enterRealCode(w, selector, ip);
  stack.commit();
  const virtual = (w[W.rflags]! & FLAG.VM) !== 0;
  mergeFlags(w, flags, (size > 2 ? 0x257fd5 : 0x7fd5) & ~(virtual ? FLAG.IOPL : 0));
}

/** IRET to virtual-8086 mode: the flags image has VM set and CPL is 0 (SDM 3B 21.2.4). */
function returnToVirtual(cpu: CpuContext, stack: Stack, ip: number, code: number, flags: number): void {
  const { w } = cpu;
  const pointer = stack.pop(4);
  const selectors = [SS, ES, DS, FS, GS].map((seg) => [seg, stack.pop(4) & 0xffff] as const);
  writeRflags(w, flags & 0x3f7fd5);
  for (const [seg, selector] of [...selectors, [CS, code] as const]) loadRealSegment(w, seg, selector);
  w[SP] = pointer;
  w[SP + 1] = 0;
  w[W.cpl] = 3;
  enterRealCode(w, code, ip & 0xffff);
}

/** IRET of a nested task: goes back along the TSS's link (SDM 3A 7.4). */
function returnToTask(cpu: CpuContext, nextLow: number): void {
  const { w } = cpu;
  if (isLongActive(w)) raiseGP(0);
  const link = cpu.memory.read16(w[W.base + 2 * TR]!, 0, false);
  transferToTask(cpu, link, 'return', 0, nextLow);
}

function returnFromInterrupt(cpu: CpuContext, size: Size, nextLow: number): void {
  const { w } = cpu;
  if (isReal(w)) {
    returnReal(cpu, size);
    return;
  }
  if ((w[W.rflags]! & FLAG.NT) !== 0) {
    returnToTask(cpu, nextLow);
    return;
  }
  const stack = Stack.current(cpu);
  const ipLow = stack.pop(size);
  const ipHigh = w[W.hi]!;
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  const cpl = w[W.cpl]!;
  if (size === 4 && (flags & FLAG.VM) !== 0 && cpl === 0 && !isLongActive(w)) {
    returnToVirtual(cpu, stack, ipLow, selector, flags);
    return;
  }
  const low = readReturnCode(cpu, selector, ipLow, ipHigh);
  const high = w[W.hi]!;
  const rpl = selector & 3;
  const mask = returnableFlags(w, size);
  const outer = rpl !== cpl || is64Bit(w) ? readOuterStack(cpu, stack, size, rpl, isLongTarget(w, high)) : undefined;
  markAccessed(cpu, selector, high);
  if (outer === undefined) stack.commit();
  enterCode(w, selector, low, high, rpl);
  if (outer !== undefined) enterOuterStack(w, outer, 0);
  if (rpl !== cpl) dropInnerSegments(w, rpl);
  // RF matters only to instruction breakpoints; without them nobody would clear it again.
  mergeFlags(w, instructionBreakpointsArmed(w) ? flags : flags & ~FLAG.RF, mask);
  updateMode(w);
  setRip(w, ipLow, ipHigh);
}

/** Far returns. All set RIP; faults come before any change of state. */
export function farReturnHelpers(cpu: CpuContext) {
  return {
    /** RET far; `extra` bytes of parameters are dropped from both stacks. */
    returnFar: (size: number, extra: number): void => returnFar(cpu, size as Size, extra),
    /** IRET, IRETD, IRETQ. `nextLow`: where this task goes on when IRET leaves it. */
    returnFromInterrupt(size: number, nextLow: number): void {
      returnFromInterrupt(cpu, size as Size, nextLow);
      cpu.w[W.nmiMasked] = 0;
    },
  };
}
