import type { CpuContext } from '../context.ts';
import { raise } from '../fault.ts';
import { MODE } from '../mode.ts';
import { AR, CR0, EFER, FLAG, LDTR, W } from '../state.ts';

/** System descriptor types (SDM 3A table 3-2); bit 3 tells 32-bit (or 64-bit) from 16-bit ones. */
export const TYPE = {
  TSS_16: 1,
  LDT: 2,
  BUSY: 2,
  CALL_GATE_16: 4,
  TASK_GATE: 5,
  INTERRUPT_GATE_16: 6,
  TRAP_GATE_16: 7,
  TSS_32: 9,
  CALL_GATE_32: 12,
  INTERRUPT_GATE_32: 14,
  TRAP_GATE_32: 15,
} as const;

/** Access rights from a descriptor's second word, as state holds them. */
export const attributesOf = (high: number): number => (high >>> 8) & 0xf0ff;
export const dplOf = (attributes: number): number => (attributes >> AR.DPL_SHIFT) & 3;
export const baseOf = (low: number, high: number): number => (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000);
/** Last valid offset in bytes, as int32. */
export function limitOf(low: number, high: number): number {
  const limit = (low & 0xffff) | (high & 0xf0000);
  return (high & 0x800000) !== 0 ? (limit << 12) | 0xfff : limit;
}

export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;
export const isCode = (attributes: number): boolean => (attributes & (AR.S | AR.CODE)) === (AR.S | AR.CODE);
export const isConforming = (attributes: number): boolean =>
  (attributes & (AR.S | AR.CODE | AR.CONFORMING)) === (AR.S | AR.CODE | AR.CONFORMING);
export const isWritableData = (attributes: number): boolean =>
  (attributes & (AR.S | AR.CODE | AR.WRITABLE)) === (AR.S | AR.WRITABLE);

/** Canonical 48-bit address, from its high half. */
export const isCanonical = (high: number): boolean => (high << 16) >> 16 === high;

/** Real-address or virtual-8086 mode. */
export const isReal = (w: Int32Array): boolean => (w[W.cr0]! & CR0.PE) === 0 || (w[W.rflags]! & FLAG.VM) !== 0;
export const isLongActive = (w: Int32Array): boolean => (w[W.efer]! & EFER.LMA) !== 0;
export const is64Bit = (w: Int32Array): boolean => (w[W.mode]! & MODE.CODE) === MODE.CODE_64;

/** Whether `bytes` bytes at `offset` lie inside a segment (SDM 3A 5.3). */
export function withinLimit(attributes: number, limit: number, offset: number, bytes: number): boolean {
  const first = offset >>> 0;
  const last = first + bytes - 1;
  if ((attributes & (AR.S | AR.CODE | AR.EXPAND_DOWN)) === (AR.S | AR.EXPAND_DOWN)) {
    return first > limit >>> 0 && last <= ((attributes & AR.DB) !== 0 ? 0xffffffff : 0xffff);
  }
  return last <= limit >>> 0 || limit === -1;
}

/** Low half of `base + offset`; the high half goes to W.hi (0 outside IA-32e mode). `offset` is below 2 GiB. */
export function tableAddress(w: Int32Array, baseWord: number, offset: number): number {
  const base = w[baseWord]!;
  const low = (base + offset) | 0;
  w[W.hi] = isLongActive(w) ? (w[baseWord + 1]! + (low >>> 0 < base >>> 0 ? 1 : 0)) | 0 : 0;
  return low;
}

/** Linear address of a descriptor (high half in W.hi); raises `vector`(selector) when it lies beyond its table. */
export function descriptorAddress(
  cpu: CpuContext,
  selector: number,
  bytes: 8 | 16,
  vector: number,
  ext: number,
): number {
  const { w } = cpu;
  const offset = selector & 0xfff8;
  if ((selector & 4) === 0) {
    if (offset + bytes - 1 > w[W.gdtrLimit]!) raise(vector, (selector & 0xfffc) | ext);
    return tableAddress(w, W.gdtrBase, offset);
  }
  const unusable = (w[W.attributes + LDTR]! & AR.UNUSABLE) !== 0;
  if (unusable || offset + bytes - 1 > w[W.limit + LDTR]! >>> 0) raise(vector, (selector & 0xfffc) | ext);
  return tableAddress(w, W.base + 2 * LDTR, offset);
}

/**
 * First word of the descriptor that `selector` names; the second word goes to W.hi. Raises `vector`(selector) when
 * the table is too short. `ext` is the error code's EXT bit.
 */
export function readDescriptor(cpu: CpuContext, selector: number, vector: number, ext = 0): number {
  const at = descriptorAddress(cpu, selector, 8, vector, ext);
  return cpu.memory.read64(at, cpu.w[W.hi]!, false);
}

/** Upper 8 bytes of a 16-byte system descriptor of IA-32e mode: low word, high word in W.hi. */
export function readUpperDescriptor(cpu: CpuContext, selector: number, vector: number, ext = 0): number {
  const { w } = cpu;
  descriptorAddress(cpu, selector, 16, vector, ext);
  const base = (selector & 4) === 0 ? W.gdtrBase : W.base + 2 * LDTR;
  const at = tableAddress(w, base, (selector & 0xfff8) + 8);
  return cpu.memory.read64(at, w[W.hi]!, false);
}

/** Writes the type byte of a descriptor that is known to lie in its table. */
export function writeTypeByte(cpu: CpuContext, selector: number, value: number): void {
  const { w } = cpu;
  const base = (selector & 4) === 0 ? W.gdtrBase : W.base + 2 * LDTR;
  const at = tableAddress(w, base, (selector & 0xfff8) + 5);
  cpu.memory.write8(at, w[W.hi]!, value, false);
}

/** Sets the accessed bit of a code or data descriptor whose second word is `high`. */
export function markAccessed(cpu: CpuContext, selector: number, high: number): void {
  if ((high & 0x100) === 0) writeTypeByte(cpu, selector, ((high >>> 8) & 0xff) | AR.ACCESSED);
}

/** Fills a segment register from a code or data descriptor. */
export function setSegment(w: Int32Array, seg: number, selector: number, low: number, high: number): void {
  w[W.selector + seg] = selector;
  w[W.attributes + seg] = attributesOf(high) | AR.ACCESSED;
  w[W.limit + seg] = limitOf(low, high);
  w[W.base + 2 * seg] = baseOf(low, high);
  w[W.base + 2 * seg + 1] = 0;
}

/** Fills a segment register with values that no descriptor table holds. `limit` and `base` as int32. */
export function setSegmentCache(
  w: Int32Array,
  seg: number,
  selector: number,
  attributes: number,
  limit: number,
  base: number,
): void {
  w[W.selector + seg] = selector;
  w[W.attributes + seg] = attributes;
  w[W.limit + seg] = limit;
  w[W.base + 2 * seg] = base;
  w[W.base + 2 * seg + 1] = 0;
}

/** Loads a null selector. For SS the DPL field keeps the privilege level (SDM 3C 26.3.1.2). */
export function setNullSegment(w: Int32Array, seg: number, selector: number, dpl = 0): void {
  setSegmentCache(w, seg, selector, AR.UNUSABLE | (dpl << AR.DPL_SHIFT), 0, 0);
}
