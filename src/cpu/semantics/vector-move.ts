import type { Emitter, Val } from '../emitter.ts';
import type { MemoryOperand, Operand, OtherRegisterOperand, RegisterOperand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { DS, RDI, W } from '../state.ts';

/** TOP, the x87 stack pointer in the status word. */
const FSW_TOP = 0x3800;
/** An unmasked x87 exception waits to be reported. */
const FSW_ES = 0x80;

/** Every MMX instruction marks all registers valid and puts the top of stack at 0 (SDM 1 9.5.1). Comes last: it cannot fault. */
export function enterMmx(t: Emitter): void {
  t.setField(W.fsw, t.and(t.field(W.fsw, 4), t.const(~FSW_TOP, 4)));
  t.setField(W.ftw, t.const(0xff, 4));
}

/** #MF of an instruction that needs the SSE unit and touches an MMX register. */
export function checkPendingX87(t: Emitter): void {
  t.if(t.and(t.field(W.fsw, 4), t.const(FSW_ES, 4)), () => t.call('checkX87'));
}

/** What a write of an MMX register does besides: the exponent and sign become ones. Nothing for other operands. */
export function wroteVector(t: Emitter, operand: Operand): void {
  if (operand.kind !== 'mmx') return;
  t.writeLane(operand, 2, t.const(0xffff, 4));
  enterMmx(t);
}

/** The first `count` words of a vector register, or of memory with zeros behind it. */
export function readWords(t: Emitter, source: Operand, count: number, aligned = true): Val[] {
  const words =
    source.kind === 'mem'
      ? t.loadWords(source, aligned)
      : Array.from({ length: count }, (_, i) => t.readLane(source, i));
  while (words.length < count) words.push(t.const(0, 4));
  return words;
}

export function writeWords(t: Emitter, dst: Operand, words: readonly Val[], first = 0): void {
  words.forEach((word, i) => {
    t.writeLane(dst, first + i, word);
  });
  wroteVector(t, dst);
}

const zeros = (t: Emitter, count: number): Val[] => Array.from({ length: count }, () => t.const(0, 4));

const isVector = (operand: Operand): operand is OtherRegisterOperand =>
  operand.kind === 'xmm' || operand.kind === 'mmx';

// ---- whole registers ----

const move =
  (aligned: boolean): Emit =>
  (t, dst, src) => {
    if (dst!.kind === 'mem') {
      t.storeVector(dst!, src!, aligned);
      if (src!.kind === 'mmx') enterMmx(t);
    } else writeWords(t, dst!, readWords(t, src!, dst!.size / 4, aligned));
  };

export const moveAligned = move(true);
export const moveUnaligned = move(false);

// ---- parts ----

/** MOVSS, MOVSD: from memory the rest becomes zero, from a register it stays. */
export const moveScalar: Emit = (t, dst, src) => {
  if (dst!.kind === 'mem') t.storeVector(dst!, src!);
  else if (src!.kind === 'mem') writeWords(t, dst!, readWords(t, src!, 4));
  else writeWords(t, dst!, readWords(t, src!, src!.size / 4));
};

/** MOVQ between XMM registers and memory: the upper half becomes zero. */
export const moveQuadword: Emit = (t, dst, src) => {
  if (dst!.kind === 'mem') t.storeVector(dst!, src!);
  else writeWords(t, dst!, [...readWords(t, src!, 2), ...zeros(t, 2)]);
};

export const movq2dq: Emit = (t, dst, src) => {
  checkPendingX87(t);
  moveQuadword(t, dst!, src!);
  enterMmx(t);
};

export const movdq2q: Emit = (t, dst, src) => {
  checkPendingX87(t);
  writeWords(t, dst!, readWords(t, src!, 2));
};

/** MOVLPS, MOVLPD. */
export const moveLow: Emit = (t, dst, src) => {
  if (dst!.kind === 'mem') t.storeVector(dst!, src!);
  else writeWords(t, dst!, readWords(t, src!, 2));
};

/** MOVHPS, MOVHPD, MOVLHPS. */
export const moveHigh: Emit = (t, dst, src) => {
  if (dst!.kind === 'mem') t.store(dst!.seg, t.address(dst!), t.pair(t.readLane(src!, 2), t.readLane(src!, 3)));
  else writeWords(t, dst!, readWords(t, src!, 2), 2);
};

export const movhlps: Emit = (t, dst, src) => writeWords(t, dst!, [t.readLane(src!, 2), t.readLane(src!, 3)]);

/** Words of the source by number, in order. */
const pick =
  (...order: readonly number[]): Emit =>
  (t, dst, src) => {
    const words = readWords(t, src!, 4);
    writeWords(
      t,
      dst!,
      order.map((n) => words[n]!),
    );
  };

export const movddup = pick(0, 1, 0, 1);
export const movsldup = pick(0, 0, 2, 2);
export const movshdup = pick(1, 1, 3, 3);

// ---- general-purpose registers ----

/** MOVD and MOVQ with Ey. */
export const moveDoubleword: Emit = (t, dst, src) => {
  if (isVector(dst!)) {
    const value = t.read(src!);
    const words = value.size === 8 ? [t.trunc(value, 4), t.high(value)] : [value];
    writeWords(t, dst!, [...words, ...zeros(t, dst!.size / 4 - words.length)]);
    return;
  }
  const low = t.readLane(src!, 0);
  t.write(dst!, 'size' in dst! && dst.size === 8 ? t.pair(low, t.readLane(src!, 1)) : low);
  if (src!.kind === 'mmx') enterMmx(t);
};

/** MOVMSKPS, MOVMSKPD, PMOVMSKB: the sign bits of the elements. */
export const signMask =
  (helper: string): Emit =>
  (t, dst, src) => {
    t.write(dst!, t.callFor(4, helper, t.vector(src!), (src as OtherRegisterOperand).size));
    if (src!.kind === 'mmx') enterMmx(t);
  };

export const pextr =
  (helper: string): Emit =>
  (t, dst, src, at) => {
    const to = dst as MemoryOperand | { kind: 'gpr'; size: number };
    const size = to.size === 8 ? 8 : 4;
    const value = t.callFor(size, helper, t.vector(src!), t.read(at!), (src as OtherRegisterOperand).size);
    t.write(dst!, to.kind === 'mem' ? t.trunc(value, to.size as 1 | 2 | 4 | 8) : value);
    if (src!.kind === 'mmx') enterMmx(t);
  };

export const pinsr =
  (helper: string): Emit =>
  (t, dst, src, at) => {
    t.call(helper, t.vector(dst!), t.read(src!), t.read(at!), (dst as OtherRegisterOperand).size);
    wroteVector(t, dst!);
  };

/** PEXTRD or PEXTRQ, PINSRD or PINSRQ, by REX.W. */
export const pextrdq: Emit = (t, dst, src, at) =>
  pextr((dst as RegisterOperand).size === 8 ? 'pextrq' : 'pextrd')(t, dst!, src!, at!);
export const pinsrdq: Emit = (t, dst, src, at) =>
  pinsr((src as RegisterOperand).size === 8 ? 'pinsrq' : 'pinsrd')(t, dst!, src!, at!);

// ---- cache and order ----

/** PREFETCHh and the fences: memory here is in order and has no cache. */
export const noOperation: Emit = () => {};

/** Faults as a load of one byte does. */
export const clflush: Emit = (t, line) => {
  t.read(line!);
};

/** MASKMOVQ, MASKMOVDQU: bytes whose mask has its top bit set go to DS:rDI, or to another segment when a prefix says so. */
export const maskedMove: Emit = (t, src, mask) => {
  const wide = t.addressSize === 8 ? 8 : 4;
  const address = t.addressSize === 2 ? t.and(t.gpr(RDI, 4), t.const(0xffff, 4)) : t.gpr(RDI, wide);
  const seg = t.insn.segOverride < 0 ? DS : t.insn.segOverride;
  const bytes = (src as OtherRegisterOperand).size;
  const linear: Val = { id: t.linear(seg, address, bytes, true), size: t.long ? 8 : 4 };
  t.call('maskedMove', t.vector(src!), t.vector(mask!), t.zext(linear, 8), bytes);
  if (src!.kind === 'mmx') enterMmx(t);
};

export const ldmxcsr: Emit = (t, src) => t.call('ldmxcsr', t.read(src!));
export const stmxcsr: Emit = (t, dst) => t.write(dst!, t.field(W.mxcsr, 4));

export const emms: Emit = (t) => {
  enterMmx(t);
  t.setField(W.ftw, t.const(0, 4));
};
