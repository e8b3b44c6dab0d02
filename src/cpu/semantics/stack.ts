import type { Emitter, Val } from '../emitter.ts';
import type { MemoryOperand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { RAX, RBP, RDI, RSP, SS, W } from '../state.ts';

export const push: Emit = (t, src) => {
  t.push(t.read(src!));
};

/** PUSH of a segment register: the selector, zero-extended. */
export const pushSegment =
  (seg: number): Emit =>
  (t) => {
    t.push(t.zext({ id: t.field(W.selector + seg, 4).id, size: 2 }, t.size));
  };

/** The address of POP's memory operand is computed after the stack pointer has moved (SDM 2B, POP). */
function popAddress(t: Emitter, dst: MemoryOperand): Val {
  const address = t.address(dst);
  if (dst.base === undefined || t.addressSize === 2) return address;
  const base = t.regNumber({ kind: 'gpr', reg: dst.base, high: false, size: 4 });
  const usesStack = t.eq({ id: t.ir.const32(base), size: 4 }, t.const(RSP, 4));
  return t.add(address, t.select(usesStack, t.const(t.size, address.size), t.const(0, address.size)));
}

export const pop: Emit = (t, dst) => {
  const value = t.top(t.size);
  if (dst!.kind === 'mem') t.store(dst!.seg, popAddress(t, dst!), value);
  t.setStack(t.stackAddress(t.size));
  if (dst!.kind !== 'mem') t.write(dst!, value);
};

/** AX CX DX BX SP BP SI DI from the top down; SP as it was before. */
export const pushAll: Emit = (t) => {
  const size = t.size;
  const addresses = Array.from({ length: 8 }, (_, n) => t.stackAddress(-size * (n + 1)));
  addresses.forEach((address, n) => {
    t.store(SS, address, t.gpr(RAX + n, size));
  });
  t.setStack(addresses[7]!);
};

export const popAll: Emit = (t) => {
  const size = t.size;
  const values = Array.from({ length: 8 }, (_, n) => t.load(SS, t.stackAddress(size * n), size));
  t.setStack(t.stackAddress(size * 8));
  values.forEach((value, n) => {
    if (RDI - n !== RSP) t.setGpr(RDI - n, value);
  });
};

/** The stack address in rBP, cut to the size of the stack pointer. */
const frameAddress = (t: Emitter): Val => {
  const bp = t.gpr(RBP, t.stackSize);
  return bp.size === 2 ? { id: bp.id, size: 4 } : bp;
};

/** The new frame pointer: processors take all of ESP although a 16-bit stack has a part of it only. */
const framePointer = (t: Emitter, frame: Val): Val =>
  t.stackSize === 2 ? t.or(t.and(t.gpr(RSP, 4), t.const(0xffff0000 | 0, 4)), frame) : frame;

/**
 * ENTER. The helper copies the frame pointers of the outer levels, gives the bytes that they took, and probes
 * the place that the stack pointer will have.
 */
export const enter: Emit = (t, allocation, nesting) => {
  const bytes = t.zext(t.read(allocation!), 4);
  const frame = t.stackAddress(-t.size);
  t.store(SS, frame, t.gpr(RBP, t.size));
  const pointer = framePointer(t, frame);
  const copied = t.callFor(4, 'enterFrames', t.zext(pointer, 8), t.zext(t.read(nesting!), 4), bytes, t.size);
  t.setStack(t.sub(frame, t.zext(t.add(copied, bytes), frame.size)));
  t.setGpr(RBP, t.trunc(pointer, t.size));
};

export const leave: Emit = (t) => {
  const frame = frameAddress(t);
  const value = t.load(SS, frame, t.size);
  t.setStack(t.add(frame, t.const(t.size, frame.size)));
  t.setGpr(RBP, value);
};
