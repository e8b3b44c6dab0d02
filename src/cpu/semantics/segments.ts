import type { Emitter, Val } from '../emitter.ts';
import { VECTOR } from '../fault.ts';
import type { MemoryOperand, Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG, W } from '../state.ts';

/** Segment registers, and instructions that look at descriptors. */

/** A selector held in state, as a 2-byte value. */
const selectorField = (t: Emitter, seg: number): Val => ({ id: t.field(W.selector + seg, 4).id, size: 2 });

const writeSelector = (t: Emitter, dst: Operand, selector: Val): void => {
  t.write(dst, dst.kind === 'gpr' ? t.zext(selector, dst.size) : selector);
};

export const moveFromSegment: Emit = (t, dst, src) => {
  const selector = t.callFor(2, 'readSelector', t.regNumber(src!));
  writeSelector(t, dst!, selector);
};

export const moveToSegment: Emit = (t, dst, src) => {
  t.call('moveToSegment', t.regNumber(dst!), t.read(src!));
  t.sync();
};

export const popSegment =
  (seg: number): Emit =>
  (t) => {
    const selector = t.trunc(t.top(t.size), 2);
    const above = t.stackAddress(t.size);
    t.call('moveToSegment', seg, selector);
    t.setStack(above);
    t.sync();
  };

/** Offset and selector of a far pointer in memory. */
export function farPointer(t: Emitter, src: MemoryOperand): { offset: Val; selector: Val } {
  const address = t.address(src);
  const offset = t.load(src.seg, address, t.size);
  const selector = t.load(src.seg, t.add(address, t.const(t.size, address.size)), 2);
  return { offset, selector };
}

/** LDS, LES, LFS, LGS, LSS. */
export const loadFarPointer =
  (seg: number): Emit =>
  (t, dst, src) => {
    const { offset, selector } = farPointer(t, src as MemoryOperand);
    t.call('loadSegment', seg, selector);
    t.write(dst!, offset);
    t.sync();
  };

/** SLDT and STR. */
export const storeSystemSegment =
  (register: number): Emit =>
  (t, dst) => {
    t.call('checkUmip');
    writeSelector(t, dst!, selectorField(t, register));
  };

export const lldt: Emit = (t, src) => {
  t.call('loadLdtr', t.read(src!));
};

export const ltr: Emit = (t, src) => {
  t.call('loadTaskRegister', t.read(src!));
};

const setZero = (t: Emitter, bit: Val): void => t.changeFlags(FLAG.ZF, t.shl(bit, t.const(6, 4)));

/** LAR and LSL: the register is written only when the descriptor may be seen. */
const inspect =
  (helper: string): Emit =>
  (t, dst, src) => {
    const result = t.callFor(8, helper, t.read(src!));
    const valid = t.high(result);
    const size = (dst as { size: 2 | 4 | 8 }).size;
    t.if(valid, () => t.write(dst!, t.zext(t.trunc(result, 4), size)));
    setZero(t, valid);
  };
export const lar: Emit = inspect('accessRights');
export const lsl: Emit = inspect('segmentLimit');

export const verr: Emit = (t, src) => setZero(t, t.callFor(4, 'canRead', t.read(src!)));
export const verw: Emit = (t, src) => setZero(t, t.callFor(4, 'canWrite', t.read(src!)));

/** Raises the destination's RPL to the source's. */
export const arpl: Emit = (t, dst, src) => {
  const three = t.const(3, 2);
  const selector = t.read(dst!);
  const rpl = t.and(t.read(src!), three);
  const lower = t.ltu(t.and(selector, three), rpl);
  const adjusted = t.or(t.and(selector, t.const(0xfffc, 2)), rpl);
  t.if(lower, () => t.write(dst!, adjusted));
  setZero(t, lower);
};

/** LGDT and LIDT: limit and base; 24 bits of base with a 16-bit operand size. #GP(0) for a base that is not canonical. */
export const loadTable =
  (limitWord: number, baseWord: number): Emit =>
  (t, src) => {
    const { seg } = src as MemoryOperand;
    const address = t.address(src!);
    const limit = t.load(seg, address, 2);
    const base = t.load(seg, t.add(address, t.const(2, address.size)), t.long ? 8 : 4);
    if (t.long) t.checkCanonical(base, VECTOR.GP);
    const cut = !t.long && t.size === 2 ? t.and(base, t.const(0xffffff, 4)) : base;
    t.setField(limitWord, t.zext(limit, 4));
    t.setField(baseWord, t.zext(cut, 8));
  };

/** SGDT and SIDT. */
export const storeTable =
  (limitWord: number, baseWord: number): Emit =>
  (t, dst) => {
    const { seg } = dst as MemoryOperand;
    const address = t.address(dst!);
    const base = t.field(baseWord, t.long ? 8 : 4);
    const cut = !t.long && t.size === 2 ? t.and(base, t.const(0xffffff, 4)) : base;
    t.call('checkUmip');
    t.store(seg, address, t.trunc(t.field(limitWord, 4), 2));
    t.store(seg, t.add(address, t.const(2, address.size)), cut);
  };
