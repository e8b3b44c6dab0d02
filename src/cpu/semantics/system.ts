import type { Emitter, Val } from '../emitter.ts';
import { VECTOR } from '../fault.ts';
import type { MemoryOperand, OperandSize } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { MODE } from '../mode.ts';
import { FLAG, GS, RAX, RCX, RDX, W } from '../state.ts';

/** Flags as a whole, control, debug and model-specific registers, processor state. */

/** RFLAGS.IOPL begins at bit 12. */
const IOPL_SHIFT = 12;

const setPair = (t: Emitter, value: Val): void => {
  t.setGpr(RAX, t.trunc(value, 4));
  t.setGpr(RDX, t.high(value));
};

export const pushFlags: Emit = (t) => {
  const image =
    (t.mode & MODE.VM86) !== 0
      ? t.callFor(4, 'flagsToPush')
      : t.and(t.or(t.or(t.field(W.rflags, 4), t.arithmeticFlags()), t.const(2, 4)), t.const(~(FLAG.VM | FLAG.RF), 4));
  t.push(t.zext(image, t.size));
};

export const popFlags: Emit = (t) => {
  const image = t.zext(t.trunc(t.top(t.size), 4), 4);
  const above = t.stackAddress(t.size);
  t.call('popFlags', image, t.size);
  t.setStack(above);
  t.sync();
};

export const cli: Emit = (t) => {
  const flags = t.field(W.rflags, 4);
  if ((t.mode & MODE.VM86) !== 0) t.call('checkVirtualIopl');
  else if ((t.mode & MODE.REAL) === 0) {
    const iopl = t.and(t.shr(flags, t.const(IOPL_SHIFT, 4)), t.const(3, 4));
    t.faultIf(t.ltu(iopl, t.field(W.cpl, 4)), VECTOR.GP);
  }
  t.setField(W.rflags, t.and(flags, t.const(~FLAG.IF, 4)));
};

export const sti: Emit = (t) => {
  t.call('setInterruptFlag');
  t.sync();
};

export const hlt: Emit = (t) => {
  t.call('halt');
  t.sync();
};

const sizeOf = (operand: { size: number } | undefined): OperandSize => operand!.size as OperandSize;

export const moveFromControl: Emit = (t, dst, src) =>
  t.write(dst!, t.callFor(sizeOf(dst), 'readControl', t.regNumber(src!)));

export const moveToControl: Emit = (t, dst, src) => {
  t.call('writeControl', t.regNumber(dst!), t.zext(t.read(src!), 8));
  t.sync();
};

export const moveFromDebug: Emit = (t, dst, src) =>
  t.write(dst!, t.callFor(sizeOf(dst), 'readDebug', t.regNumber(src!)));

export const moveToDebug: Emit = (t, dst, src) => {
  t.call('writeDebug', t.regNumber(dst!), t.zext(t.read(src!), 8));
  t.sync();
};

export const smsw: Emit = (t, dst) => {
  t.call('checkUmip');
  t.write(dst!, t.trunc(t.field(W.cr0, 8), sizeOf(dst)));
};

export const lmsw: Emit = (t, src) => {
  t.call('loadMachineStatus', t.read(src!));
  t.sync();
};

export const clts: Emit = (t) => {
  t.call('clearTaskSwitched');
  t.sync();
};

/** INVD and WBINVD: there is no cache to be seen. */
export const noCache: Emit = () => {};

/** No check of segment limits: the address is only a name. */
export const invlpg: Emit = (t, operand) => {
  const { seg } = operand as MemoryOperand;
  const address = t.address(operand!);
  const linear: Val = t.long
    ? { id: t.linear(seg, address, 1, false), size: 8 }
    : t.zext(t.add(t.trunc(address, 4), t.field(W.base + 2 * seg, 4)), 8);
  t.call('invalidatePage', linear);
  t.sync();
};

export const swapgs: Emit = (t) => {
  const active = t.field(W.base + 2 * GS, 8);
  const saved = t.field(W.kernelGsBase, 8);
  t.setField(W.base + 2 * GS, saved);
  t.setField(W.kernelGsBase, active);
};

export const readFsGsBase =
  (which: 0 | 1): Emit =>
  (t, dst) =>
    t.write(dst!, t.trunc(t.callFor(8, 'readBase', which), sizeOf(dst)));

export const writeFsGsBase =
  (which: 0 | 1): Emit =>
  (t, src) =>
    t.call('writeBase', which, t.zext(t.read(src!), 8));

export const rdmsr: Emit = (t) => setPair(t, t.callFor(8, 'readMsr', t.gpr(RCX, 4)));

export const wrmsr: Emit = (t) => {
  t.call('writeMsr', t.gpr(RCX, 4), t.gpr(RAX, 4), t.gpr(RDX, 4));
  t.sync();
};

export const rdtsc: Emit = (t) => setPair(t, t.callFor(8, 'readTimeStamp'));

export const rdtscp: Emit = (t) => {
  setPair(t, t.callFor(8, 'readTimeStamp'));
  t.setGpr(RCX, t.field(W.tscAux, 4));
};

/** There are no performance counters to read. */
export const rdpmc: Emit = (t) => {
  t.raise(13, 0);
  t.exit();
};

export const cpuid: Emit = (t) => t.call('cpuid', t.gpr(RAX, 4), t.gpr(RCX, 4));

export const xgetbv: Emit = (t) => setPair(t, t.callFor(8, 'readXcr', t.gpr(RCX, 4)));

export const xsetbv: Emit = (t) => {
  t.call('writeXcr', t.gpr(RCX, 4), t.gpr(RAX, 4), t.gpr(RDX, 4));
  t.sync();
};
