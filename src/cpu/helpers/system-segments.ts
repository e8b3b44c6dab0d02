import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { AR, LDTR, TR, W } from '../state.ts';
import {
  attributesOf,
  baseOf,
  descriptorAddress,
  dplOf,
  isCanonical,
  isCode,
  isConforming,
  isLongActive,
  isNull,
  limitOf,
  readDescriptor,
  readUpperDescriptor,
  setNullSegment,
  setSegmentCache,
  TYPE,
  writeTypeByte,
} from './descriptors.ts';

const NOT_VALID = 0;
const VALID = 1;
/** System types that LAR and LSL accept (SDM 2A tables 3-53, 3-57), as bit sets. */
const bits = (...types: number[]): number => types.reduce((set, type) => set | (1 << type), 0);
const LAR_TYPES = bits(1, 2, 3, 4, 5, 9, 11, 12);
const LSL_TYPES = bits(1, 2, 3, 9, 11);
const LAR_TYPES_LONG = bits(2, 9, 11, 12);
const LSL_TYPES_LONG = bits(2, 9, 11);

/** LLDT, LTR, LAR, LSL, VERR, VERW, ARPL's neighbours (SDM 3A 2.8.1, 5.10). */
export function systemSegmentHelpers(cpu: CpuContext) {
  const { w } = cpu;

  /** Loads LDTR or TR from the GDT: 16-byte descriptors in IA-32e mode. */
  function load(register: number, selector: number, type: number): void {
    const errorCode = selector & 0xfffc;
    if ((selector & 4) !== 0) raiseGP(errorCode);
    const low = readDescriptor(cpu, selector, VECTOR.GP);
    const high = w[W.hi]!;
    const attributes = attributesOf(high);
    if ((attributes & (AR.S | AR.TYPE)) !== type) raiseGP(errorCode);
    if ((attributes & AR.P) === 0) raise(VECTOR.NP, errorCode);
    let upper = 0;
    if (isLongActive(w)) {
      upper = readUpperDescriptor(cpu, selector, VECTOR.GP);
      if ((w[W.hi]! & 0x1f00) !== 0 || !isCanonical(upper)) raiseGP(errorCode);
    }
    if (register === TR) writeTypeByte(cpu, selector, (attributes & 0xff) | TYPE.BUSY);
    const busy = register === TR ? TYPE.BUSY : 0;
    setSegmentCache(w, register, selector, attributes | busy, limitOf(low, high), baseOf(low, high));
    w[W.base + 2 * register + 1] = upper;
  }

  /** A descriptor for inspection: first word with the second in W.hi, or undefined when it may not be seen. */
  function inspect(selector: number, systemTypes: number): number | undefined {
    if (isNull(selector)) return undefined;
    const end = (selector & 0xfff8) + 7;
    const local = (selector & 4) !== 0;
    if (local && (w[W.attributes + LDTR]! & AR.UNUSABLE) !== 0) return undefined;
    if (end > (local ? w[W.limit + LDTR]! : w[W.gdtrLimit]!) >>> 0) return undefined;
    const at = descriptorAddress(cpu, selector, 8, VECTOR.GP, 0);
    const low = cpu.memory.read64(at, w[W.hi]!, false);
    const attributes = attributesOf(w[W.hi]!);
    if ((attributes & AR.S) === 0 && ((systemTypes >> (attributes & AR.TYPE)) & 1) === 0) return undefined;
    const dpl = dplOf(attributes);
    if (!isConforming(attributes) && (w[W.cpl]! > dpl || (selector & 3) > dpl)) return undefined;
    return low;
  }

  function result(value: number | undefined): number {
    w[W.hi] = value === undefined ? NOT_VALID : VALID;
    return value ?? 0;
  }

  return {
    loadLdtr(selector: number): void {
      if (isNull(selector)) setNullSegment(w, LDTR, selector);
      else load(LDTR, selector, TYPE.LDT);
    },
    loadTaskRegister(selector: number): void {
      if (isNull(selector)) raiseGP(0);
      const readTypeOf = (): number => {
        readDescriptor(cpu, selector, VECTOR.GP);
        return (w[W.hi]! >>> 8) & AR.TYPE;
      };
      const is16 = !isLongActive(w) && (selector & 4) === 0 && readTypeOf() === TYPE.TSS_16;
      load(TR, selector, is16 ? TYPE.TSS_16 : TYPE.TSS_32);
    },
    /** LAR: access rights, and 1 in W.hi when the descriptor may be seen (ZF). */
    accessRights(selector: number): number {
      const low = inspect(selector, isLongActive(w) ? LAR_TYPES_LONG : LAR_TYPES);
      return result(low === undefined ? undefined : w[W.hi]! & 0x00ffff00);
    },
    /** LSL: limit in bytes, and 1 in W.hi when the descriptor may be seen (ZF). */
    segmentLimit(selector: number): number {
      const low = inspect(selector, isLongActive(w) ? LSL_TYPES_LONG : LSL_TYPES);
      return result(low === undefined ? undefined : limitOf(low, w[W.hi]!));
    },
    /** VERR: 1 when the segment can be read at this level. */
    canRead(selector: number): number {
      if (inspect(selector, 0) === undefined) return 0;
      return (attributesOf(w[W.hi]!) & (AR.CODE | AR.READABLE)) === AR.CODE ? 0 : 1;
    },
    /** VERW: 1 when the segment can be written at this level. */
    canWrite(selector: number): number {
      if (inspect(selector, 0) === undefined) return 0;
      const attributes = attributesOf(w[W.hi]!);
      return !isCode(attributes) && (attributes & AR.WRITABLE) !== 0 ? 1 : 0;
    },
  };
}
