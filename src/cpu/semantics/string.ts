import type { Emitter, Val } from '../emitter.ts';
import type { Operand, OperandSize } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { MODE } from '../mode.ts';
import { ES, FS, RAX, RCX, RDI, RSI, W } from '../state.ts';
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

/** True when an offset in the segment is the linear address, and nothing but paging is in the way. */
const isFlat = (t: Emitter, seg: number): boolean =>
  (t.mode & MODE.ALIGN_CHECK) === 0 && (t.long ? seg < FS : (t.mode & (1 << (MODE.FLAT_SHIFT + seg))) !== 0);

/**
 * REP MOVS and REP STOS: a helper that does many iterations at once, and gives their number, is asked before
 * each single one. 0: nothing done.
 */
function repeatedInBulk(
  t: Emitter,
  size: OperandSize,
  registers: readonly number[],
  ask: (count: Val) => Val,
  body: () => void,
): void {
  const count = t.gpr(RCX, t.addressSize);
  const wide = (value: Val): Val => t.zext(value, count.size);
  const done = ask(t.zext(count, 8));
  t.if(
    done,
    () => {
      const down = t.sub(t.const(0, 4), t.and(t.shr(t.field(W.rflags, 4), t.const(DF_BIT, 4)), t.const(1, 4)));
      const bytes = t.sext(t.sub(t.xor(t.shl(done, t.const(Math.log2(size), 4)), down), down), count.size);
      for (const reg of registers) t.setGpr(reg, t.add(t.gpr(reg, count.size), bytes));
      t.setGpr(RCX, t.sub(count, wide(done)));
    },
    () =>
      t.if(t.xor(t.isZero(count), t.const(1, 4)), () => {
        body();
        t.setGpr(RCX, t.sub(count, t.const(1, count.size)));
      }),
  );
  t.repeat(t.ltu(wide(t.or(done, t.isZero(done))), count));
}

export const movs: Emit = (t, dst) => {
  const size = sizeOf(dst);
  const seg = sourceSegment(t);
  const body = (): void => {
    t.store(ES, t.gpr(RDI, t.addressSize), atSource(t, size));
    advance(t, size, RSI, RDI);
  };
  if (t.insn.rep === 0 || t.addressSize === 2 || !isFlat(t, ES) || !isFlat(t, seg)) {
    repeated(t, body);
    return;
  }
  const pointer = (reg: number): Val => t.zext(t.gpr(reg, t.addressSize), 8);
  repeatedInBulk(
    t,
    size,
    [RSI, RDI],
    (count) => t.callFor(4, 'bulkMove', pointer(RDI), pointer(RSI), count, size),
    body,
  );
};

export const stos: Emit = (t, dst) => {
  const size = sizeOf(dst);
  const body = (): void => {
    t.store(ES, t.gpr(RDI, t.addressSize), t.gpr(RAX, size));
    advance(t, size, RDI);
  };
  if (t.insn.rep === 0 || t.addressSize === 2 || !isFlat(t, ES)) {
    repeated(t, body);
    return;
  }
  const pointer = t.zext(t.gpr(RDI, t.addressSize), 8);
  const value = t.zext(t.gpr(RAX, size), 8);
  repeatedInBulk(t, size, [RDI], (count) => t.callFor(4, 'bulkStore', pointer, value, count, size), body);
};

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
