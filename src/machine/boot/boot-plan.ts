import type { AddressMap, Gpa } from '../../memory/address-map.ts';
import type { EntryState } from './entry-state.ts';

/** Bytes for guest RAM; where `length` exceeds them, the rest is zero. */
export interface MemoryWrite {
  readonly name: string;
  readonly gpa: Gpa;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** All that starting a guest takes: what to write, and the state in which its CPU begins. */
export interface BootPlan {
  readonly protocol: 'linux' | 'pvh' | 'multiboot';
  readonly writes: readonly MemoryWrite[];
  readonly entry: EntryState;
}

const ZEROES = new Uint8Array(64 * 1024);

/** Writes a plan's bytes into guest RAM. The plan stays valid: a reset machine may load it again. */
export function loadIntoMemory(plan: BootPlan, map: AddressMap): void {
  for (const { gpa, bytes, length } of plan.writes) {
    map.writeBytes(gpa, bytes);
    for (let at = bytes.length; at < length; at += ZEROES.length) {
      map.writeBytes(gpa + at, ZEROES.subarray(0, Math.min(ZEROES.length, length - at)));
    }
  }
}
