import type { CpuContext } from '../context.ts';
import { W } from '../state.ts';

/** CRC-32C: 11EDC6F41h, bits reflected. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** Low bits of `source` put where `mask` has ones. */
function deposit(source: number, mask: number): number {
  let result = 0;
  for (let rest = mask, from = source; rest !== 0; rest &= rest - 1, from >>>= 1) {
    if ((from & 1) !== 0) result |= rest & -rest;
  }
  return result;
}

/** Bits of `source` under the ones of `mask`, side by side. */
function extract(source: number, mask: number): number {
  let result = 0;
  for (let rest = mask, to = 1; rest !== 0; rest &= rest - 1, to <<= 1) {
    if ((source & rest & -rest) !== 0) result |= to;
  }
  return result;
}

function ones(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** PDEP, PEXT and CRC32 (SDM 2A, 2B). */
export function bitFieldHelpers(cpu: CpuContext) {
  const { w } = cpu;
  return {
    pdep32: deposit,
    pext32: extract,

    pdep64(low: number, high: number, maskLow: number, maskHigh: number): number {
      const used = ones(maskLow);
      const rest = used === 0 ? low : used === 32 ? high : (low >>> used) | (high << (32 - used));
      w[W.hi] = deposit(rest, maskHigh);
      return deposit(low, maskLow);
    },

    pext64(low: number, high: number, maskLow: number, maskHigh: number): number {
      const used = ones(maskLow);
      const upper = extract(high, maskHigh);
      w[W.hi] = used === 0 ? 0 : used === 32 ? upper : upper >>> (32 - used);
      return used === 32 ? extract(low, maskLow) : extract(low, maskLow) | (upper << used);
    },

    /** The checksum after `bytes` (1, 2 or 4) more bytes. */
    crc32c(crc: number, value: number, bytes: number): number {
      let sum = crc;
      for (let at = 0; at < bytes; at++) sum = (sum >>> 8) ^ TABLE[(sum ^ (value >>> (8 * at))) & 0xff]!;
      return sum | 0;
    },
  };
}
