import { VECTOR } from '../fault.ts';
import type { FarPointerOperand, MemoryOperand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG } from '../state.ts';
import { farPointer } from './segments.ts';

/** Far jumps, calls and returns, software interrupts. Helpers set RIP. */

export const jumpFarDirect: Emit = (t, target) => {
  const { selector, offset } = target as FarPointerOperand;
  t.call('jumpFar', selector, offset, 0, t.nextIp(4));
  t.exit();
};

export const jumpFarIndirect: Emit = (t, target) => {
  const { selector, offset } = farPointer(t, target as MemoryOperand);
  t.call('jumpFar', selector, t.zext(offset, 8), t.nextIp(4));
  t.exit();
};

export const callFarDirect: Emit = (t, target) => {
  const { selector, offset } = target as FarPointerOperand;
  t.call('callFar', selector, offset, 0, t.size, t.nextIp(8));
  t.exit();
};

export const callFarIndirect: Emit = (t, target) => {
  const { selector, offset } = farPointer(t, target as MemoryOperand);
  t.call('callFar', selector, t.zext(offset, 8), t.size, t.nextIp(8));
  t.exit();
};

export const returnFar: Emit = (t) => {
  t.call('returnFar', t.size, 0);
  t.exit();
};

/** RET imm16, far: drops its operand's number of bytes of arguments. */
export const returnFarDrop: Emit = (t, bytes) => {
  t.call('returnFar', t.size, t.zext(t.read(bytes!), 4));
  t.exit();
};

export const iret: Emit = (t) => {
  t.call('returnFromInterrupt', t.size, t.nextIp(4));
  t.exit();
};

export const interrupt: Emit = (t, vector) => {
  t.call('interruptNumber', t.read(vector!), t.nextIp(8));
  t.exit();
};

export const int3: Emit = (t) => {
  t.call('breakpoint', t.nextIp(8));
  t.exit();
};

export const int1: Emit = (t) => {
  t.call('debugInterrupt', t.nextIp(8));
  t.exit();
};

export const into: Emit = (t) => {
  t.call('interruptOnOverflow', t.and(t.arithmeticFlags(), t.const(FLAG.OF, 4)), t.nextIp(4));
  t.exit();
};

/** #BR unless lower bound <= index <= upper bound, signed. */
export const bound: Emit = (t, index, bounds) => {
  const { seg } = bounds as MemoryOperand;
  const address = t.address(bounds!);
  const lower = t.load(seg, address, t.size);
  const upper = t.load(seg, t.add(address, t.const(t.size, address.size)), t.size);
  const value = t.read(index!);
  t.if(t.or(t.lts(value, lower), t.lts(upper, value)), () => t.raise(VECTOR.BR));
};

export const syscall: Emit = (t) => {
  t.call('syscall', t.nextIp(8));
  t.exit();
};

export const sysret: Emit = (t) => {
  t.call('sysret', t.size === 8 ? 8 : 4);
  t.exit();
};

export const sysenter: Emit = (t) => {
  t.call('sysenter');
  t.exit();
};

export const sysexit: Emit = (t) => {
  t.call('sysexit', t.size === 8 ? 8 : 4);
  t.exit();
};
