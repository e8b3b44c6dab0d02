import type { CpuContext } from '../context.ts';
import { isGuestFault, raise, VECTOR } from '../fault.ts';
import { readRflags } from '../flags.ts';
import { AR, CR0, CS, FLAG, RSP, SS, TR, W } from '../state.ts';
import { setRip } from './code-segment.ts';
import { isLongActive, TYPE } from './descriptors.ts';
import { checkVirtualIopl } from './flag-transfers.ts';
import { type Event, readGate, throughGate, throughLongGate, throughVectorTable } from './gates.ts';
import { Stack } from './stack.ts';
import { type PendingFault, switchTask, type TaskTransfer } from './task-switch.ts';

/** 'fault': any exception, traps too; 'external': INTR; 'software' stands for events without EXT in error codes. */
export type EventKind = 'fault' | 'software' | 'external' | 'nmi';

const DR7_GD = 0x2000;
/** Bit of W.debugTrap: delivery has cleared TF, so the instruction ends without a single-step trap. */
const NOT_STEPPED = 0x80000000 | 0;
const SHUTDOWN = 2;
/** Exceptions that are not faults: their image of RFLAGS keeps RF as it is (SDM 3B 17.3.1.1). */
const NOT_FAULTS: readonly number[] = [VECTOR.DB, VECTOR.NMI, VECTOR.BP, VECTOR.OF, VECTOR.DF, VECTOR.MC];
/** Exceptions of class "contributory" (SDM 3A table 6-5). */
const CONTRIBUTORY: readonly number[] = [VECTOR.DE, VECTOR.TS, VECTOR.NP, VECTOR.SS, VECTOR.GP];

/** Passes one event through the IDT. Raises before any change of state. */
function dispatch(cpu: CpuContext, event: Event): void {
  const { w } = cpu;
  if ((w[W.cr0]! & CR0.PE) === 0) {
    throughVectorTable(cpu, event);
    return;
  }
  if (isLongActive(w)) {
    throughLongGate(cpu, event);
    return;
  }
  const low = readGate(cpu, event);
  const high = w[W.hi]!;
  if (((high >>> 8) & AR.TYPE) === TYPE.TASK_GATE) throughTaskGate(cpu, event, low >>> 16);
  else throughGate(cpu, event, low, high);
}

function throughTaskGate(cpu: CpuContext, event: Event, selector: number): void {
  const { w } = cpu;
  const pending = switchTask(cpu, { selector, how: 'interrupt', gate: true, ext: event.ext, nextLow: event.ipLow });
  if (pending !== undefined) raise(pending.vector, pending.errorCode);
  if (event.errorCode < 0) return;
  const stack = Stack.current(cpu, event.ext);
  stack.push((w[W.attributes + TR]! & 8) !== 0 ? 4 : 2, event.errorCode);
  stack.commit();
}

/** Whether a fault of class `second` while delivering `first` becomes a double fault (SDM 3A table 6-5). */
function doubles(first: number, kind: EventKind, second: number): boolean {
  if (kind !== 'fault') return false;
  const secondContributes = CONTRIBUTORY.includes(second);
  if (CONTRIBUTORY.includes(first)) return secondContributes;
  return first === VECTOR.PF && (secondContributes || second === VECTOR.PF);
}

const hex = (value: number): string => (value >>> 0).toString(16);

function describe(cpu: CpuContext, vector: number, errorCode: number, kind: EventKind): string {
  const { w } = cpu;
  const at = `${hex(w[W.selector + CS]!)}:${hex(w[W.rip + 1]!)}_${hex(w[W.rip]!).padStart(8, '0')}`;
  const sp = `${hex(w[W.selector + SS]!)}:${hex(w[W.gpr + 2 * RSP + 1]!)}_${hex(w[W.gpr + 2 * RSP]!).padStart(8, '0')}`;
  const code = errorCode < 0 ? '-' : hex(errorCode);
  const cr2 = vector === VECTOR.PF ? ` cr2=${hex(w[W.cr2 + 1]!)}_${hex(w[W.cr2]!).padStart(8, '0')}` : '';
  return `v=${hex(vector).padStart(2, '0')} e=${code} ${kind} cpl=${w[W.cpl]} ip=${at} sp=${sp}${cr2}`;
}

/**
 * Delivers an exception, interrupt or NMI; W.rip is the return address. Faults on the way are delivered instead,
 * become double faults, or end in shutdown (W.halted = 2), as the SDM's table 6-5 says (Vol. 3A 6.15).
 * `errorCode`: -1 for none.
 */
export function deliver(cpu: CpuContext, vector: number, errorCode: number, kind: EventKind): 'ok' | 'shutdown' {
  const { w } = cpu;
  w[W.halted] = 0;
  w[W.interruptShadow] = 0;
  for (;;) {
    if (cpu.traceInterrupt !== undefined) cpu.traceInterrupt(describe(cpu, vector, errorCode, kind));
    if (kind === 'nmi') w[W.nmiMasked] = 1;
    if (kind === 'fault' && vector === VECTOR.DB) w[W.dr + 14] = w[W.dr + 14]! & ~DR7_GD;
    const resume = kind === 'fault' && !NOT_FAULTS.includes(vector) ? FLAG.RF : 0;
    try {
      dispatch(cpu, {
        vector,
        errorCode,
        ext: kind === 'software' ? 0 : 1,
        checkDpl: kind === 'software',
        flags: readRflags(w) | resume,
        ipLow: w[W.rip]!,
        ipHigh: w[W.rip + 1]!,
      });
      return 'ok';
    } catch (fault) {
      if (!isGuestFault(fault)) throw fault;
      if (kind === 'fault' && vector === VECTOR.DF) {
        w[W.halted] = SHUTDOWN;
        return 'shutdown';
      }
      const double = doubles(vector, kind, fault.vector);
      vector = double ? VECTOR.DF : fault.vector;
      errorCode = double ? 0 : fault.errorCode;
      kind = 'fault';
    }
  }
}

/**
 * Far transfer or IRET to another task. A fault in the new task's context is delivered there.
 * `type`: the system descriptor that was named, for telling a task gate from a TSS.
 */
export function transferToTask(
  cpu: CpuContext,
  selector: number,
  how: TaskTransfer,
  type: number,
  nextLow: number,
): void {
  const gate = type === TYPE.TASK_GATE;
  const pending: PendingFault | undefined = switchTask(cpu, { selector, how, gate, ext: 0, nextLow });
  if (pending !== undefined) deliver(cpu, pending.vector, pending.errorCode, 'fault');
}

/** Software interrupts by instruction (SDM 2A INT n/INTO/INT3/INT1). Faults restart the instruction. */
export function interruptHelpers(cpu: CpuContext) {
  const { w } = cpu;
  function interrupt(vector: number, nextLow: number, nextHigh: number, checkDpl: boolean): void {
    if (cpu.traceInterrupt !== undefined) cpu.traceInterrupt(describe(cpu, vector, -1, 'software'));
    const ext = checkDpl ? 0 : 1;
    const flags = readRflags(w) & ~FLAG.RF;
    dispatch(cpu, { vector, errorCode: -1, ext, checkDpl, flags, ipLow: nextLow, ipHigh: nextHigh });
    if ((flags & FLAG.TF) !== 0) w[W.debugTrap] = w[W.debugTrap]! | NOT_STEPPED;
  }
  return {
    /** INT imm8: in virtual-8086 mode only with IOPL 3. */
    interruptNumber(vector: number, nextLow: number, nextHigh: number): void {
      checkVirtualIopl(w);
      interrupt(vector, nextLow, nextHigh, true);
    },
    /** INT3. */
    breakpoint: (nextLow: number, nextHigh: number): void => interrupt(VECTOR.BP, nextLow, nextHigh, true),
    /** INTO: goes on at the next instruction when OF is 0. */
    interruptOnOverflow(overflow: number, nextLow: number): void {
      if (overflow === 0) setRip(w, nextLow, 0);
      else interrupt(VECTOR.OF, nextLow, 0, true);
    },
    /** INT1: a debug exception without the gate's privilege check. */
    debugInterrupt: (nextLow: number, nextHigh: number): void => interrupt(VECTOR.DB, nextLow, nextHigh, false),
  };
}
