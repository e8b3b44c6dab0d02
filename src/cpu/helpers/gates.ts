import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { readRflags, writeRflags } from '../flags.ts';
import { AR, CS, DS, ES, FLAG, FS, GS, RSP, SS, W } from '../state.ts';
import { checkTarget, enterCode, enterRealCode, setRip } from './code-segment.ts';
import {
  attributesOf,
  dplOf,
  isCanonical,
  isCode,
  isConforming,
  isNull,
  limitOf,
  markAccessed,
  readDescriptor,
  setNullSegment,
  setSegment,
  TYPE,
  tableAddress,
} from './descriptors.ts';
import { innerStack, longStack } from './inner-stack.ts';
import { Stack } from './stack.ts';

/** An event on its way through the IDT. */
export interface Event {
  readonly vector: number;
  /** -1: none is pushed. */
  readonly errorCode: number;
  /** EXT bit of error codes: 0 for INT n, INT3 and INTO. */
  readonly ext: 0 | 1;
  /** The gate's DPL is compared with CPL: INT n, INT3, INTO. */
  readonly checkDpl: boolean;
  /** RFLAGS image to be pushed. */
  readonly flags: number;
  /** Instruction pointer to be pushed. */
  readonly ipLow: number;
  readonly ipHigh: number;
}

const SP = W.gpr + 2 * RSP;
const CLEARED = FLAG.TF | FLAG.NT | FLAG.RF | FLAG.VM;
const idtError = ({ vector, ext }: Event): number => vector * 8 + 2 + ext;

/** RFLAGS of the handler: an interrupt gate (even type) also clears IF. */
function enterHandlerFlags(w: Int32Array, type: number): void {
  writeRflags(w, readRflags(w) & ~(CLEARED | ((type & 1) === 0 ? FLAG.IF : 0)));
}

/** Real-address mode: the interrupt vector table (SDM 3B 21.1.4). */
export function throughVectorTable(cpu: CpuContext, event: Event): void {
  const { w, memory } = cpu;
  if (event.vector * 4 + 3 > w[W.idtrLimit]!) raiseGP(idtError(event));
  const entry = memory.read32(tableAddress(w, W.idtrBase, event.vector * 4), 0, false);
  const stack = Stack.current(cpu);
  stack.push(2, event.flags);
  stack.push(2, w[W.selector + CS]!);
  stack.push(2, event.ipLow);
  enterRealCode(w, entry >>> 16, entry & 0xffff);
  stack.commit();
  writeRflags(w, readRflags(w) & ~(FLAG.IF | FLAG.TF | FLAG.AC | FLAG.RF));
}

/** Target level of a handler's code segment, after its checks; the descriptor's second word stays in W.hi. */
function handlerLevel(w: Int32Array, selector: number, high: number, ext: number): number {
  const attributes = attributesOf(high);
  const errorCode = (selector & 0xfffc) | ext;
  if (!isCode(attributes) || dplOf(attributes) > w[W.cpl]!) raiseGP(errorCode);
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, errorCode);
  return isConforming(attributes) ? w[W.cpl]! : dplOf(attributes);
}

/** A gate of the legacy IDT: its two words, second in W.hi. #GP and #NP with the IDT bit (SDM 2A INT n). */
export function readGate(cpu: CpuContext, event: Event): number {
  const { w } = cpu;
  if (event.vector * 8 + 7 > w[W.idtrLimit]!) raiseGP(idtError(event));
  const low = cpu.memory.read64(tableAddress(w, W.idtrBase, event.vector * 8), 0, false);
  const attributes = attributesOf(w[W.hi]!);
  const type = attributes & AR.TYPE;
  const valid = type === TYPE.TASK_GATE || (type & 6) === TYPE.INTERRUPT_GATE_16;
  if ((attributes & AR.S) !== 0 || !valid || (event.checkDpl && dplOf(attributes) < w[W.cpl]!)) {
    raiseGP(idtError(event));
  }
  if ((attributes & AR.P) === 0) raise(VECTOR.NP, idtError(event));
  return low;
}

/** 16- and 32-bit interrupt and trap gates in protected and virtual-8086 mode (SDM 3A 6.12.1, 3B 21.3.1). */
export function throughGate(cpu: CpuContext, event: Event, gateLow: number, gateHigh: number): void {
  const { w } = cpu;
  const { ext } = event;
  const type = (gateHigh >>> 8) & AR.TYPE;
  const size = (type & 8) !== 0 ? 4 : 2;
  const selector = gateLow >>> 16;
  const ip = size === 4 ? (gateLow & 0xffff) | (gateHigh & 0xffff0000) : gateLow & 0xffff;
  if (isNull(selector)) raiseGP(ext);
  const low = readDescriptor(cpu, selector, VECTOR.GP, ext);
  const high = w[W.hi]!;
  const cpl = handlerLevel(w, selector, high, ext);
  const virtual = (w[W.rflags]! & FLAG.VM) !== 0;
  if (virtual && cpl !== 0) raiseGP((selector & 0xfffc) | ext);
  const inner = cpl < w[W.cpl]! ? innerStack(cpu, cpl, ext) : undefined;
  const stack = inner?.stack ?? Stack.current(cpu, ext);
  if (virtual) for (const seg of [GS, FS, DS, ES]) stack.push(size, w[W.selector + seg]!);
  if (inner !== undefined) {
    stack.push(size, w[W.selector + SS]!);
    stack.push(size, w[SP]!);
  }
  stack.push(size, event.flags);
  stack.push(size, w[W.selector + CS]!);
  stack.push(size, event.ipLow);
  if (event.errorCode >= 0) stack.push(size, event.errorCode);
  checkTarget(w, ip, 0, attributesOf(high), limitOf(low, high), ext);
  markAccessed(cpu, selector, high);
  if (inner !== undefined) markAccessed(cpu, inner.selector, inner.high);
  if (virtual) for (const seg of [GS, FS, DS, ES]) setNullSegment(w, seg, 0);
  if (inner !== undefined) setSegment(w, SS, inner.selector, inner.low, inner.high);
  stack.commit();
  enterHandlerFlags(w, type);
  enterCode(w, selector, low, high, cpl);
  setRip(w, ip, 0);
}

/** 64-bit interrupt and trap gates (SDM 3A 6.14). */
export function throughLongGate(cpu: CpuContext, event: Event): void {
  const { w, memory } = cpu;
  const { ext } = event;
  if (event.vector * 16 + 15 > w[W.idtrLimit]!) raiseGP(idtError(event));
  const at = tableAddress(w, W.idtrBase, event.vector * 16);
  const atHigh = w[W.hi]!;
  const gateLow = memory.read64(at, atHigh, false);
  const gateHigh = w[W.hi]!;
  const type = (gateHigh >>> 8) & 0x1f;
  const badType = type !== TYPE.INTERRUPT_GATE_32 && type !== TYPE.TRAP_GATE_32;
  if (badType || (event.checkDpl && ((gateHigh >>> 13) & 3) < w[W.cpl]!)) raiseGP(idtError(event));
  if ((gateHigh & 0x8000) === 0) raise(VECTOR.NP, idtError(event));
  tableAddress(w, W.idtrBase, event.vector * 16 + 8);
  const ipHigh = memory.read32((at + 8) | 0, w[W.hi]!, false);
  const ipLow = (gateLow & 0xffff) | (gateHigh & 0xffff0000);
  const selector = gateLow >>> 16;
  if (isNull(selector)) raiseGP(ext);
  const low = readDescriptor(cpu, selector, VECTOR.GP, ext);
  const high = w[W.hi]!;
  const attributes = attributesOf(high);
  const cpl = handlerLevel(w, selector, high, ext);
  if ((attributes & (AR.L | AR.DB)) !== AR.L) raiseGP((selector & 0xfffc) | ext);
  const inner = cpl < w[W.cpl]!;
  const ist = gateHigh & 7;
  const stack = inner || ist !== 0 ? longStack(cpu, cpl, ist, ext) : Stack.long(cpu, w[SP]!, w[SP + 1]!, cpl, ext);
  stack.low &= ~15;
  stack.push(8, w[W.selector + SS]!);
  stack.push(8, w[SP]!, w[SP + 1]!);
  stack.push(8, event.flags);
  stack.push(8, w[W.selector + CS]!);
  stack.push(8, event.ipLow, event.ipHigh);
  if (event.errorCode >= 0) stack.push(8, event.errorCode);
  if (!isCanonical(ipHigh)) raiseGP(ext);
  markAccessed(cpu, selector, high);
  if (inner) setNullSegment(w, SS, cpl, cpl);
  stack.commit();
  enterHandlerFlags(w, type);
  enterCode(w, selector, low, high, cpl);
  setRip(w, ipLow, ipHigh);
}
