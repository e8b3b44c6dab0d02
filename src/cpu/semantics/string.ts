import type { Emitter, Val } from '../emitter.ts';
import type { Operand, OperandSize } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { ES, RAX, RCX, RDI, RSI, W } from '../state.ts';
import { sourceSegment } from './integer.ts';

const DF_BIT = 10;
const ZERO_CONDITION = 4;

/** The element's size in bytes, negative when DF is set. */
function step(t: Emitter, size: OperandSize): Val {
  const log2 = Math.log2(size);
  const twice = t.and(t.shr(t.field(W.rflags, 4), t.const(DF_BIT - 1 - log2, 4)), t.const(2 * size, 4));
  return t.sub(t.const(size, 4), twice);
}

export function advance(t: Emitter, size: OperandSize, ...registers: number[]): void {
  const wide = t.addressSize;
  const by = wide === 2 ? { id: step(t, size).id, size: wide } : t.sext(step(t, size), wide);
  for (const reg of registers) t.setGpr(reg, t.add(t.gpr(reg, wide), by));
}

/**
 * Does one iteration. With a repeat prefix the count in rCX goes down after it, nothing at all happens when
 * it is 0, and the instruction is run again while iterations are left and `again` (0 or 1) agrees.
 */
export function repeated(t: Emitter, body: () => void, again?: () => Val): void {
  if (t.insn.rep === 0) {
    body();
    return;
  }
  const count = t.gpr(RCX, t.addressSize);
  const left = t.ltu(t.const(1, t.addressSize), count);
  t.if(t.xor(t.isZero(count), t.const(1, 4)), () => {
    body();
    t.setGpr(RCX, t.sub(count, t.const(1, count.size)));
  });
  t.repeat(again === undefined ? left : t.and(left, again()));
}

const atSource = (t: Emitter, size: OperandSize): Val => t.load(sourceSegment(t), t.gpr(RSI, t.addressSize), size);
const atDestination = (t: Emitter, size: OperandSize): Val => t.load(ES, t.gpr(RDI, t.addressSize), size);
const sizeOf = (operand: Operand | undefined): OperandSize => operand!.size as OperandSize;

export const movs: Emit = (t, dst) =>
  repeated(t, () => {
    const size = sizeOf(dst);
    t.store(ES, t.gpr(RDI, t.addressSize), atSource(t, size));
    advance(t, size, RSI, RDI);
  });

export const stos: Emit = (t, dst) =>
  repeated(t, () => {
    const size = sizeOf(dst);
    t.store(ES, t.gpr(RDI, t.addressSize), t.gpr(RAX, size));
    advance(t, size, RDI);
  });

export const lods: Emit = (t, dst, src) =>
  repeated(t, () => {
    const size = sizeOf(src);
    t.write(dst!, atSource(t, size));
    advance(t, size, RSI);
  });

/** REPE goes on while ZF is 1, REPNE while it is 0. */
const whileEqual = (t: Emitter) => (): Val => t.condition(t.insn.rep === 0xf3 ? ZERO_CONDITION : ZERO_CONDITION + 1);

export const cmps: Emit = (t, src) =>
  repeated(
    t,
    () => {
      const size = sizeOf(src);
      const a = atSource(t, size);
      const b = atDestination(t, size);
      t.setFlags('SUB', t.sub(a, b), a, b);
      advance(t, size, RSI, RDI);
    },
    whileEqual(t),
  );

export const scas: Emit = (t, dst) =>
  repeated(
    t,
    () => {
      const size = sizeOf(dst);
      const a = t.gpr(RAX, size);
      const b = atDestination(t, size);
      t.setFlags('SUB', t.sub(a, b), a, b);
      advance(t, size, RDI);
    },
    whileEqual(t),
  );
