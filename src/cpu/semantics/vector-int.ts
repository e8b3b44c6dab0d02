import type { Emitter, HelperArg, Val } from '../emitter.ts';
import type { Operand, OtherRegisterOperand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG, RAX, RCX, RDX, W } from '../state.ts';
import { readWords, writeWords, wroteVector } from './vector-move.ts';

const bytesOf = (operand: Operand): number => (operand as OtherRegisterOperand).size;

/** A run-time helper makes the destination from itself and the source; it is told the destination's bytes. */
export const combine =
  (helper: string): Emit =>
  (t, dst, src) => {
    t.call(helper, t.vector(dst!), t.vector(src!), bytesOf(dst!));
    wroteVector(t, dst!);
  };

/** The same with an immediate. */
export const combineBy =
  (helper: string): Emit =>
  (t, dst, src, imm) => {
    t.call(helper, t.vector(dst!), t.vector(src!), t.read(imm!), bytesOf(dst!));
    wroteVector(t, dst!);
  };

/** PSxx with an immediate count, which is put where the count operand of the other form would be. */
export const shiftBy =
  (helper: string): Emit =>
  (t, dst, count) => {
    t.setField(W.scratch, t.zext(t.read(count!), 4));
    t.setField(W.scratch + 1, t.const(0, 4));
    t.call(helper, t.vector(dst!), W.scratch, bytesOf(dst!));
    wroteVector(t, dst!);
  };

/** An operation on each 32-bit word. */
const wordwise =
  (operation: (t: Emitter, a: Val, b: Val) => Val): Emit =>
  (t, dst, src) => {
    const sources = readWords(t, src!, bytesOf(dst!) / 4);
    writeWords(
      t,
      dst!,
      sources.map((b, i) => operation(t, t.readLane(dst!, i), b)),
    );
  };

export const and = wordwise((t, a, b) => t.and(a, b));
export const andNot = wordwise((t, a, b) => t.and(t.not(a), b));
export const or = wordwise((t, a, b) => t.or(a, b));
export const xor = wordwise((t, a, b) => t.xor(a, b));
export const paddd = wordwise((t, a, b) => t.add(a, b));
export const psubd = wordwise((t, a, b) => t.sub(a, b));
export const pcmpeqd = wordwise((t, a, b) => t.neg(t.eq(a, b)));

/** PUNPCKLQDQ, UNPCKLPD. */
export const punpcklqdq: Emit = (t, dst, src) => writeWords(t, dst!, readWords(t, src!, 4).slice(0, 2), 2);

/** PUNPCKHQDQ, UNPCKHPD. */
export const punpckhqdq: Emit = (t, dst, src) => {
  const sources = readWords(t, src!, 4).slice(2);
  writeWords(t, dst!, [t.readLane(dst!, 2), t.readLane(dst!, 3), ...sources]);
};

/** INSERTPS: from memory there is one element to choose from. */
export const insertps: Emit = (t, dst, src, imm) => {
  const order = t.zext(t.read(imm!), 4);
  const known = src!.kind === 'mem' ? t.and(order, t.const(0x3f, 4)) : order;
  t.call('insertps', t.vector(dst!), t.vector(src!), known);
};

export const ptest: Emit = (t, dst, src) => {
  t.changeFlags(FLAG.ARITH, t.callFor(4, 'ptest', t.vector(dst!), t.vector(src!)));
};

// ---- string comparison: operands in memory need no alignment ----

/** EAX and EDX sign-extended, or RAX and RDX: the lengths of the first and the second string. */
const lengths = (t: Emitter): HelperArg[] =>
  [RAX, RDX].map((reg) => (t.size === 8 ? t.gpr(reg, 8) : t.sext(t.gpr(reg, 4), 8)));

const compareIndex =
  (helper: string, explicit: boolean): Emit =>
  (t, a, b, imm) => {
    const args = [t.vector(a!), t.vector(b!, false), t.read(imm!), ...(explicit ? lengths(t) : [])];
    const result = t.callFor(4, helper, ...args);
    t.setGpr(RCX, t.and(result, t.const(0xffff, 4)));
    t.changeFlags(FLAG.ARITH, t.shr(result, t.const(16, 4)));
  };

const compareMask =
  (helper: string, explicit: boolean): Emit =>
  (t, a, b, imm) => {
    const args = [W.xmm, t.vector(a!), t.vector(b!, false), t.read(imm!), ...(explicit ? lengths(t) : [])];
    t.changeFlags(FLAG.ARITH, t.callFor(4, helper, ...args));
  };

export const pcmpestri = compareIndex('pcmpestri', true);
export const pcmpistri = compareIndex('pcmpistri', false);
export const pcmpestrm = compareMask('pcmpestrm', true);
export const pcmpistrm = compareMask('pcmpistrm', false);
