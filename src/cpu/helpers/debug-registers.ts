import type { CpuContext } from '../context.ts';
import { raise, raiseGP, raiseUD, VECTOR } from '../fault.ts';
import { CR4, W } from '../state.ts';
import { isLongActive } from './descriptors.ts';

const DR6 = W.dr + 12;
const DR7 = W.dr + 14;
const DR6_BD = 0x2000;
const DR6_FIXED = 0xffff0ff0 | 0;
/** BD, BS, BT and B0-B3. */
const DR6_WRITABLE = 0xe00f;
const DR7_GD = 0x2000;
const DR7_FIXED = 0x400;
const DR7_WRITABLE = 0xffff23ff | 0;
const ENABLES = 0xff;

/** R/W field of DR7 (SDM 3B 17.2.4). */
const ON = { EXECUTE: 0, WRITE: 1, IO: 2, ACCESS: 3 } as const;

const kindOf = (dr7: number, n: number): number => (dr7 >>> (16 + 4 * n)) & 3;
/** LEN field: 1, 2, 8 or 4 bytes. */
const lengthOf = (dr7: number, n: number): number => [1, 2, 8, 4][(dr7 >>> (18 + 4 * n)) & 3]!;

/** Whether any breakpoint is enabled in DR7. */
export const breakpointsArmed = (w: Int32Array): boolean => (w[DR7]! & ENABLES) !== 0;

/** Whether an enabled breakpoint watches instruction fetches. */
export const instructionBreakpointsArmed = (w: Int32Array): boolean => armedFor(w, (kind) => kind === ON.EXECUTE);

/** Whether an enabled breakpoint watches loads or stores. */
export const dataBreakpointsArmed = (w: Int32Array): boolean =>
  armedFor(w, (kind) => kind === ON.WRITE || kind === ON.ACCESS);

function armedFor(w: Int32Array, wanted: (kind: number) => boolean): boolean {
  for (let n = 0; n < 4; n++) {
    if (((w[DR7]! >>> (2 * n)) & 3) !== 0 && wanted(kindOf(w[DR7]!, n))) return true;
  }
  return false;
}

/**
 * DR6 bits B0-B3 of the breakpoints that `bytes` bytes at a linear address (two int32 halves) meet; bits of
 * breakpoints that are not enabled are reported only next to one that is. 0: no enabled one.
 */
function match(w: Int32Array, low: number, high: number, bytes: number, wanted: (kind: number) => boolean): number {
  const dr7 = w[DR7]!;
  let met = 0;
  let enabled = false;
  for (let n = 0; n < 4; n++) {
    if (!wanted(kindOf(dr7, n)) || w[W.dr + 2 * n + 1] !== high) continue;
    const length = lengthOf(dr7, n);
    const from = (w[W.dr + 2 * n]! & -length) >>> 0;
    const first = low >>> 0;
    if (first >= from + length || first + bytes <= from) continue;
    met |= 1 << n;
    if (((dr7 >>> (2 * n)) & 3) !== 0) enabled = true;
  }
  return enabled ? met : 0;
}

/** DR6 bits of instruction breakpoints at a linear address: a fault, unless RFLAGS.RF is set. */
export const matchInstruction = (w: Int32Array, low: number, high: number): number =>
  match(w, low, high, 1, (kind) => kind === ON.EXECUTE);

/** DR6 bits of data breakpoints that an access meets: a trap behind the instruction. */
export const matchData = (w: Int32Array, low: number, high: number, bytes: number, write: boolean): number =>
  match(w, low, high, bytes, (kind) => kind === ON.ACCESS || (write && kind === ON.WRITE));

/** DR6 bits of I/O breakpoints (CR4.DE = 1) that an access meets: a trap. */
export const matchPort = (w: Int32Array, port: number, bytes: number): number =>
  (w[W.cr4]! & CR4.DE) === 0 ? 0 : match(w, port, 0, bytes, (kind) => kind === ON.IO);

/** Sets bits of DR6 before a #DB is delivered; B0-B3 of earlier ones are cleared. */
export function recordDebug(w: Int32Array, bits: number): void {
  w[DR6] = (w[DR6]! & ~15) | bits;
}

/** MOV DR (SDM 2B MOV-Debug Registers, 3B 17.2). CPL has been checked. */
export function debugRegisterHelpers(cpu: CpuContext) {
  const { w } = cpu;

  /** Resolves DR4 and DR5, and raises #DB when DR7.GD guards the registers. */
  function resolve(number: number): number {
    if (number > 7) raiseUD();
    const alias = number === 4 || number === 5;
    if (alias && (w[W.cr4]! & CR4.DE) !== 0) raiseUD();
    if ((w[DR7]! & DR7_GD) !== 0) {
      recordDebug(w, (w[DR6]! & 15) | DR6_BD);
      raise(VECTOR.DB);
    }
    return alias ? number + 2 : number;
  }

  return {
    readDebug(number: number): number {
      const word = W.dr + 2 * resolve(number);
      w[W.hi] = w[word + 1]!;
      return w[word]!;
    },
    writeDebug(number: number, low: number, high: number): void {
      const n = resolve(number);
      if (n >= 6 && high !== 0) raiseGP(0);
      const word = W.dr + 2 * n;
      w[word] = n === 6 ? (low & DR6_WRITABLE) | DR6_FIXED : n === 7 ? (low & DR7_WRITABLE) | DR7_FIXED : low;
      w[word + 1] = isLongActive(w) ? high : 0;
      cpu.attention();
    },
  };
}
