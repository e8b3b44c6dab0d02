import { AR, CR0, CR4, CS, EFER, FLAG, FS, GS, SS, W } from './state.ts';

/**
 * The mode bits that translation reads. A translation is found by its address and exactly these bits;
 * the translator is handed the key, never the state.
 */
export const MODE = {
  /** Code size: 0 = 16 bit, 1 = 32 bit, 2 = 64 bit. */
  CODE: 3,
  CODE_16: 0,
  CODE_32: 1,
  CODE_64: 2,
  /** SS.B = 1: the stack pointer is ESP. */
  STACK_32: 4,
  /** CPL = 3. */
  USER: 8,
  /** IA-32e mode is active: 32-bit results clear the upper half of their register. */
  LMA: 0x10,
  /** Segment n (ES..GS) has base 0, limit 4 GiB and any access allowed: bit 5 + n. */
  FLAT_SHIFT: 5,
  /** x87 instructions raise #NM (CR0.EM or CR0.TS). */
  NO_X87: 0x800,
  /** SSE instructions raise #UD or #NM (CR0.EM, CR0.TS, CR4.OSFXSR). */
  NO_SSE: 0x1000,
  /** Misaligned data accesses raise #AC. */
  ALIGN_CHECK: 0x2000,
  /** Real-address or virtual-8086 mode. */
  REAL: 0x4000,
  /** Virtual-8086 mode. */
  VM86: 0x8000,
  /**
   * FS, in programs GS too, has any base, limit 4 GiB and any access allowed: what lies behind it is a processor's or a
   * thread's own. A kernel keeps the GS of the program, which says nothing of its own accesses.
   */
  OPEN_FS: 0x10000,
  OPEN_GS: 0x20000,
} as const;

const FLAT_DATA = AR.P | AR.S | AR.WRITABLE;

const isFlat = (w: Int32Array, seg: number): boolean => w[W.base + 2 * seg] === 0 && isOpen(w, seg);

function isOpen(w: Int32Array, seg: number): boolean {
  const attributes = w[W.attributes + seg]!;
  return w[W.limit + seg] === -1 && (attributes & (FLAT_DATA | AR.CODE | AR.EXPAND_DOWN | AR.UNUSABLE)) === FLAT_DATA;
}

/** The mode key that the current segments, control registers and flags ask for. */
function computeMode(w: Int32Array): number {
  const cr0 = w[W.cr0]!;
  const cr4 = w[W.cr4]!;
  const user = w[W.cpl] === 3;
  const vm86 = (w[W.rflags]! & FLAG.VM) !== 0;
  const lma = (w[W.efer]! & EFER.LMA) !== 0;
  const code = w[W.attributes + CS]!;
  let mode = 0;
  if (lma && (code & AR.L) !== 0) {
    mode = MODE.CODE_64 | MODE.LMA | (0xf << MODE.FLAT_SHIFT);
  } else {
    mode = ((code & AR.DB) !== 0 ? MODE.CODE_32 : MODE.CODE_16) | (lma ? MODE.LMA : 0);
    if ((w[W.attributes + SS]! & AR.DB) !== 0) mode |= MODE.STACK_32;
    for (let seg = 0; seg <= GS; seg++) {
      const flat =
        seg === CS
          ? w[W.base + 2 * CS] === 0 && w[W.limit + CS] === -1 && (code & (AR.S | AR.CODE | AR.READABLE)) === 0x1a
          : isFlat(w, seg);
      if (flat) mode |= 1 << (MODE.FLAT_SHIFT + seg);
    }
    if (isOpen(w, FS)) mode |= MODE.OPEN_FS;
    if (user && isOpen(w, GS)) mode |= MODE.OPEN_GS;
    if (vm86) mode |= MODE.REAL | MODE.VM86;
    else if ((cr0 & CR0.PE) === 0) mode |= MODE.REAL;
  }
  if (user) {
    mode |= MODE.USER;
    if ((cr0 & CR0.AM) !== 0 && (w[W.rflags]! & FLAG.AC) !== 0) mode |= MODE.ALIGN_CHECK;
  }
  if ((cr0 & (CR0.EM | CR0.TS)) !== 0) mode |= MODE.NO_X87 | MODE.NO_SSE;
  if ((cr4 & CR4.OSFXSR) === 0) mode |= MODE.NO_SSE;
  return mode;
}

/** Recomputes the key after a change of segments, control registers, EFER, CPL, RFLAGS.VM or RFLAGS.AC. */
export function updateMode(w: Int32Array): void {
  w[W.mode] = computeMode(w);
}
