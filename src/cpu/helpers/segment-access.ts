import type { CpuContext } from '../context.ts';
import { raise, raiseGP, VECTOR } from '../fault.ts';
import { AR, SS, W } from '../state.ts';
import { isReal, withinLimit } from './descriptors.ts';

/** Checks that emitted code makes before it reaches memory. Addresses are two int32 halves. */
export function segmentAccessHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const deny = (seg: number): never => raise(seg === SS ? VECTOR.SS : VECTOR.GP, 0);

  /** Limit and null checks shared by both directions; gives the linear address as int32. */
  function linear(seg: number, offset: number, bytes: number, attributes: number): number {
    if ((attributes & AR.UNUSABLE) !== 0 || !withinLimit(attributes, w[W.limit + seg]!, offset, bytes)) deny(seg);
    return (w[W.base + 2 * seg]! + offset) | 0;
  }

  return {
    /** Raises an exception; `errorCode` -1 for none. */
    raise: (vector: number, errorCode: number): never => raise(vector, errorCode),

    /** Linear address (int32) of `bytes` bytes to be read at `offset`; #GP(0) or #SS(0) (SDM 3A 5.3, 5.5). */
    segmentRead(seg: number, offset: number, bytes: number): number {
      const attributes = w[W.attributes + seg]!;
      if ((attributes & (AR.CODE | AR.READABLE)) === AR.CODE && !isReal(w)) deny(seg);
      return linear(seg, offset, bytes, attributes);
    },

    /** As `segmentRead`, for a write: code and read-only data are refused outside real-address mode. */
    segmentWrite(seg: number, offset: number, bytes: number): number {
      const attributes = w[W.attributes + seg]!;
      if ((attributes & (AR.CODE | AR.WRITABLE)) !== AR.WRITABLE && !isReal(w)) deny(seg);
      return linear(seg, offset, bytes, attributes);
    },

    /** #GP(0) unless the address is a multiple of 16. */
    checkAligned16(low: number, _high: number): void {
      if ((low & 15) !== 0) raiseGP(0);
    },

    /** Raises what a store of `bytes` bytes would raise. */
    probeWrite(low: number, high: number, bytes: number): void {
      cpu.memory.probeWrite(low, high, bytes, w[W.cpl] === 3);
    },
  };
}
