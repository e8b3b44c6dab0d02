import type { Emitter, Val } from '../emitter.ts';
import type { MemoryOperand, Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { MODE } from '../mode.ts';
import { CS, FLAG, W } from '../state.ts';

/** Notes where the instruction and its memory operand are (SDM 1 8.1.8). FOP is not kept. Behind all that may fault. */
function notePointers(t: Emitter, memory?: Operand): void {
  const [low, high] = t.insn.ip;
  t.setField(W.fip, { id: t.ir.const64(low, high), size: 8 });
  t.setField(W.fcs, t.field(W.selector + CS, 4));
  if (memory?.kind !== 'mem') return;
  t.setField(W.fdp, t.zext(t.address(memory), 8));
  t.setField(W.fds, t.field(W.selector + memory.seg, 4));
}

/** Linear address of an operand that a helper reads or writes, as 8 bytes. */
function linear(t: Emitter, operand: Operand, bytes: number, write: boolean): Val {
  const { seg } = operand as MemoryOperand;
  const id = t.linear(seg, t.address(operand), bytes, write);
  t.checkStackAddress(seg, id);
  return t.ir.typeOf(id) === 'i64' ? { id, size: 8 } : t.zext({ id, size: 4 }, 8);
}

// ---- arithmetic and comparison; operations as the reg field of D8 numbers them ----

export const FADD = 0;
export const FMUL = 1;
export const FCOM = 2;
export const FCOMP = 3;
export const FSUB = 4;
export const FSUBR = 5;
export const FDIV = 6;
export const FDIVR = 7;

/** ST(0) op m32fp or m64fp. */
export const withFloat =
  (operation: number): Emit =>
  (t, src) => {
    const value = t.read(src!);
    t.call(value.size === 8 ? 'x87BinaryF64' : 'x87BinaryF32', operation, value);
    notePointers(t, src);
  };

/** ST(0) op m16int or m32int. */
export const withInteger =
  (operation: number): Emit =>
  (t, src) => {
    const value = t.sext(t.read(src!), 4);
    t.call('x87BinaryInteger', operation, value);
    notePointers(t, src);
  };

/** First operand op second, to the first. */
export const arithmetic =
  (operation: number, pops = 0): Emit =>
  (t, dst, src) => {
    const d = t.regNumber(dst!);
    t.call('x87Binary', operation, d, d, t.regNumber(src!), pops);
    notePointers(t);
  };

const compareWith =
  (quiet: number) =>
  (pops: number): Emit =>
  (t, src) => {
    t.call('x87Compare', quiet, t.regNumber(src!), pops);
    notePointers(t);
  };
export const fcom = compareWith(0);
export const fucom = compareWith(1);

/** FCOMI and FUCOMI with their popping forms. */
export const compareToFlags =
  (quiet: number, pops: number): Emit =>
  (t, _dst, src) => {
    const flags = t.callFor(4, 'x87CompareFlags', quiet, t.regNumber(src!), pops);
    notePointers(t);
    t.changeFlags(FLAG.ARITH, flags);
  };

/** An instruction without operands that one helper does. */
export const helper =
  (name: string, ...args: number[]): Emit =>
  (t) => {
    t.call(name, ...args);
    notePointers(t);
  };

// ---- loads and stores ----

export const fldRegister: Emit = (t, src) => {
  t.call('x87LoadRegister', t.regNumber(src!));
  notePointers(t);
};

export const fldFloat: Emit = (t, src) => {
  const value = t.read(src!);
  t.call(value.size === 8 ? 'x87LoadF64' : 'x87LoadF32', value);
  notePointers(t, src);
};

export const fild: Emit = (t, src) => {
  const value = t.sext(t.read(src!), 8);
  t.call('x87LoadInteger', value);
  notePointers(t, src);
};

/** FLD m80fp and FBLD. */
export const loadTenBytes =
  (name: string): Emit =>
  (t, src) => {
    t.call(name, linear(t, src!, 10, false));
    notePointers(t, src);
  };

/** FSTP m80fp and FBSTP. */
export const storeTenBytes =
  (name: string): Emit =>
  (t, dst) => {
    t.call(name, linear(t, dst!, 10, true));
    notePointers(t, dst);
  };

export const fstRegister =
  (pops: number): Emit =>
  (t, dst) => {
    t.call('x87StoreRegister', t.regNumber(dst!), pops);
    notePointers(t);
  };

export const fstFloat =
  (pops: number): Emit =>
  (t, dst) => {
    const old = t.readForWrite(dst!);
    const value = t.callFor(old.size, old.size === 8 ? 'x87StoreF64' : 'x87StoreF32', old, pops);
    notePointers(t, dst);
    t.write(dst!, value);
  };

export const fist =
  (truncate: number, pops: number): Emit =>
  (t, dst) => {
    const old = t.readForWrite(dst!);
    const value = t.callFor(old.size, 'x87StoreInteger', old.size * 8, truncate, pops, t.zext(old, 8));
    notePointers(t, dst);
    t.write(dst!, value);
  };

export const fxch: Emit = (t, src) => {
  t.call('x87Exchange', t.regNumber(src!));
  notePointers(t);
};

/** `cc` as in Jcc; `negate` turns it round. */
export const fcmov =
  (cc: number): Emit =>
  (t, _dst, src) => {
    t.call('x87MoveIf', t.condition(cc), t.regNumber(src!));
    notePointers(t);
  };

// ---- control; these leave the instruction and data pointers alone ----

export const ffree =
  (pops: number): Emit =>
  (t, dst) => {
    t.call('x87Free', t.regNumber(dst!), pops);
  };

export const control =
  (name: string, ...args: number[]): Emit =>
  (t) => {
    t.call(name, ...args);
  };

export const fnop: Emit = () => {};

export const fldcw: Emit = (t, src) => {
  t.call('x87LoadControl', t.zext(t.read(src!), 4));
};
export const fnstcw: Emit = (t, dst) => {
  t.write(dst!, t.trunc(t.field(W.fcw, 4), 2));
};
export const fnstsw: Emit = (t, dst) => {
  t.write(dst!, t.trunc(t.field(W.fsw, 4), 2));
};

/** FNSTENV, FLDENV, FNSAVE, FRSTOR: layouts of 14 or 28 bytes, with or without 80 bytes of registers. */
export const environment =
  (name: string, write: boolean, registerBytes: number): Emit =>
  (t, operand) => {
    const wide = t.size !== 2;
    const real = (t.mode & MODE.REAL) !== 0;
    const address = linear(t, operand!, (wide ? 28 : 14) + registerBytes, write);
    t.call(name, address, wide ? 1 : 0, real ? 1 : 0);
  };

/** FXSAVE and FXRSTOR. */
export const fxsave =
  (name: string, write: boolean): Emit =>
  (t, operand) => {
    t.call(name, linear(t, operand!, 512, write), t.size === 8 ? 1 : 0);
  };

/** XSAVE and XRSTOR of the components in EDX:EAX, of which only EAX has any. */
export const xsave =
  (name: string, write: boolean): Emit =>
  (t, operand) => {
    t.call(name, linear(t, operand!, 576, write), t.size === 8 ? 1 : 0, t.gpr(0, 4));
  };
