import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { AR, CS, RSP, SS, W } from '../state.ts';
import { checkTarget, enterCode, enterRealCode, isBadLongCode, setRip } from './code-segment.ts';
import {
  attributesOf,
  dplOf,
  isCanonical,
  isCode,
  isConforming,
  isLongActive,
  isNull,
  isReal,
  limitOf,
  markAccessed,
  readDescriptor,
  readUpperDescriptor,
  setNullSegment,
  setSegment,
  TYPE,
} from './descriptors.ts';
import { innerStack, longStack } from './inner-stack.ts';
import { transferToTask } from './interrupt.ts';
import { Stack } from './stack.ts';

type Size = 2 | 4 | 8;

/** A code segment and an offset in it, checked and ready to be entered. */
interface Target {
  readonly selector: number;
  readonly low: number;
  readonly high: number;
  readonly ipLow: number;
  readonly ipHigh: number;
}

interface GateTarget extends Target {
  readonly parameters: number;
  readonly size: Size;
}

function enter(cpu: CpuContext, target: Target, cpl: number): void {
  enterCode(cpu.w, target.selector, target.low, target.high, cpl);
  setRip(cpu.w, target.ipLow, target.ipHigh);
}

/** Checks IP against the target's segment and marks that accessed: the last things that may fault. */
function settle(cpu: CpuContext, { selector, low, high, ipLow, ipHigh }: Target): void {
  checkTarget(cpu.w, ipLow, ipHigh, attributesOf(high), limitOf(low, high));
  markAccessed(cpu, selector, high);
}

/** Far jump or call to a code segment without a change of level (SDM 3A 5.8.1). */
function checkDirect(w: Int32Array, selector: number, attributes: number): void {
  const cpl = w[W.cpl]!;
  const dpl = dplOf(attributes);
  const allowed = isConforming(attributes) ? dpl <= cpl : (selector & 3) <= cpl && dpl === cpl;
  if (!allowed || isBadLongCode(w, attributes)) raiseGP(selector & 0xfffc);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, selector & 0xfffc);
}

/** The code segment and offset behind a call gate, checked (SDM 3A 5.8.4). */
function readCallGate(cpu: CpuContext, gate: number, gateLow: number, gateHigh: number, jump: boolean): GateTarget {
  const { w } = cpu;
  const long = isLongActive(w);
  const wide = (gateHigh & 0x800) !== 0;
  let ipHigh = 0;
  if (long) {
    ipHigh = readUpperDescriptor(cpu, gate, VECTOR.GP);
    if ((w[W.hi]! & 0x1f00) !== 0) raiseGP(gate & 0xfffc);
  }
  const selector = gateLow >>> 16;
  if (isNull(selector)) raiseGP(0);
  const low = readDescriptor(cpu, selector, VECTOR.GP);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const cpl = w[W.cpl]!;
  const dpl = dplOf(attributes);
  const reachable = jump && !isConforming(attributes) ? dpl === cpl : dpl <= cpl;
  if (!isCode(attributes) || !reachable) raiseGP(selector & 0xfffc);
  if (long && (attributes & (AR.L | AR.DB)) !== AR.L) raiseGP(selector & 0xfffc);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, selector & 0xfffc);
  const ipLow = wide ? (gateLow & 0xffff) | (gateHigh & 0xffff0000) : gateLow & 0xffff;
  const size = long ? 8 : wide ? 4 : 2;
  return { selector, low, high, ipLow, ipHigh, parameters: gateHigh & 31, size };
}

/** Type of the call gate, task gate or TSS that a far jump or call names; checks DPL and presence. */
function checkSystem(w: Int32Array, selector: number, attributes: number): number {
  const type = attributes & AR.TYPE;
  const long = isLongActive(w);
  const isTask = type === TYPE.TASK_GATE || type === TYPE.TSS_16 || type === TYPE.TSS_32;
  const isGate = type === TYPE.CALL_GATE_32 || (!long && type === TYPE.CALL_GATE_16);
  const dpl = dplOf(attributes);
  const valid = (attributes & AR.S) === 0 && (isGate || (isTask && !long));
  if (!valid || dpl < w[W.cpl]! || dpl < (selector & 3)) raiseGP(selector & 0xfffc);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, selector & 0xfffc);
  return type;
}

const isCallGate = (type: number): boolean => (type & 7) === TYPE.CALL_GATE_16;
const taskOf = (type: number, selector: number, gateLow: number): number =>
  type === TYPE.TASK_GATE ? gateLow >>> 16 : selector;

function jumpFar(cpu: CpuContext, selector: number, ipLow: number, ipHigh: number, nextLow: number): void {
  const { w } = cpu;
  if (isReal(w)) {
    enterRealCode(w, selector, ipLow);
    return;
  }
  if (isNull(selector)) raiseGP(0);
  const low = readDescriptor(cpu, selector, VECTOR.GP);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  let target: Target = { selector, low, high, ipLow, ipHigh };
  if (isCode(attributes)) checkDirect(w, selector, attributes);
  else {
    const type = checkSystem(w, selector, attributes);
    if (!isCallGate(type)) {
      transferToTask(cpu, taskOf(type, selector, low), 'jump', type, nextLow);
      return;
    }
    target = readCallGate(cpu, selector, low, high, true);
  }
  settle(cpu, target);
  enter(cpu, target, w[W.cpl]!);
}

function callFar(
  cpu: CpuContext,
  selector: number,
  ipLow: number,
  ipHigh: number,
  size: Size,
  nextLow: number,
  nextHigh: number,
): void {
  const { w } = cpu;
  if (isReal(w)) {
    const stack = Stack.current(cpu);
    stack.push(size, w[W.selector + CS]!);
    stack.push(size, nextLow);
    enterRealCode(w, selector, ipLow);
    stack.commit();
    return;
  }
  if (isNull(selector)) raiseGP(0);
  const low = readDescriptor(cpu, selector, VECTOR.GP);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  if (isCode(attributes)) {
    checkDirect(w, selector, attributes);
    callSameLevel(cpu, { selector, low, high, ipLow, ipHigh }, size, nextLow, nextHigh);
    return;
  }
  const type = checkSystem(w, selector, attributes);
  if (!isCallGate(type)) {
    transferToTask(cpu, taskOf(type, selector, low), 'call', type, nextLow);
    return;
  }
  const target = readCallGate(cpu, selector, low, high, false);
  const inner = attributesOf(target.high);
  if (isConforming(inner) || dplOf(inner) === w[W.cpl]) callSameLevel(cpu, target, target.size, nextLow, nextHigh);
  else if (target.size === 8) callInnerLong(cpu, target, dplOf(inner), nextLow, nextHigh);
  else callInner(cpu, target, dplOf(inner), nextLow);
}

function callSameLevel(cpu: CpuContext, target: Target, size: Size, nextLow: number, nextHigh: number): void {
  const { w } = cpu;
  const stack = Stack.current(cpu);
  stack.push(size, w[W.selector + CS]!);
  stack.push(size, nextLow, nextHigh);
  settle(cpu, target);
  stack.commit();
  enter(cpu, target, w[W.cpl]!);
}

/** Call gate to an inner level on a 16- or 32-bit stack: copies parameters (SDM 3A 5.8.5). */
function callInner(cpu: CpuContext, target: GateTarget, cpl: number, nextLow: number): void {
  const { w } = cpu;
  const { parameters, size } = target;
  const outer = Stack.current(cpu);
  const inner = innerStack(cpu, cpl, 0);
  const { stack } = inner;
  stack.push(size, w[W.selector + SS]!);
  stack.push(size, w[W.gpr + 2 * RSP]!);
  for (let i = parameters - 1; i >= 0; i--) stack.push(size, outer.peek(i * size, size));
  stack.push(size, w[W.selector + CS]!);
  stack.push(size, nextLow);
  settle(cpu, target);
  markAccessed(cpu, inner.selector, inner.high);
  setSegment(w, SS, inner.selector, inner.low, inner.high);
  stack.commit();
  enter(cpu, target, cpl);
}

/** Call gate to an inner level in IA-32e mode: no parameters, SS becomes null (SDM 3A 5.8.5.1). */
function callInnerLong(cpu: CpuContext, target: GateTarget, cpl: number, nextLow: number, nextHigh: number): void {
  const { w } = cpu;
  const stack = longStack(cpu, cpl, 0, 0);
  if (!isCanonical(target.ipHigh)) raiseGP(0);
  stack.push(8, w[W.selector + SS]!);
  stack.push(8, w[W.gpr + 2 * RSP]!, w[W.gpr + 2 * RSP + 1]!);
  stack.push(8, w[W.selector + CS]!);
  stack.push(8, nextLow, nextHigh);
  settle(cpu, target);
  setNullSegment(w, SS, cpl, cpl);
  stack.commit();
  enter(cpu, target, cpl);
}

/** Far jumps and calls. All set RIP; faults come before any change of state. */
export function farTransferHelpers(cpu: CpuContext) {
  return {
    /** `nextLow`: instruction pointer behind the jump, which a task switch saves. */
    jumpFar: (selector: number, ipLow: number, ipHigh: number, nextLow: number): void =>
      jumpFar(cpu, selector, ipLow, ipHigh, nextLow),
    /** `size`: bytes of each item pushed by a call without a gate. */
    callFar: (selector: number, ipLow: number, ipHigh: number, size: number, nextLow: number, nextHigh: number): void =>
      callFar(cpu, selector, ipLow, ipHigh, size as Size, nextLow, nextHigh),
  };
}
