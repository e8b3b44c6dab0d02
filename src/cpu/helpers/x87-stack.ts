import { C1, IE, SF } from '../softfloat/status.ts';
import { W } from '../state.ts';

const TOP_SHIFT = 11;
const TOP = 7 << TOP_SHIFT;
/** Error summary, and the busy bit that follows it. */
export const ES_B = 0x8080;
const EXCEPTIONS = 0x3f;
/** V8 knows constants of a module's own as numbers, and looks imported ones up. */
const { fcw: FCW, fsw: FSW, ftw: FTW, st: REGISTERS } = W;

/** First state word of ST(i). */
export function st(w: Int32Array, i: number): number {
  return REGISTERS + 4 * (((w[FSW] >>> TOP_SHIFT) + i) & 7);
}

export function topOf(w: Int32Array): number {
  return (w[FSW] >>> TOP_SHIFT) & 7;
}

export function setTop(w: Int32Array, top: number): void {
  w[FSW] = (w[FSW] & ~TOP) | ((top & 7) << TOP_SHIFT);
}

function tagBit(w: Int32Array, i: number): number {
  return 1 << ((topOf(w) + i) & 7);
}

export function isEmpty(w: Int32Array, i: number): boolean {
  return (w[FTW] & tagBit(w, i)) === 0;
}

export function markFull(w: Int32Array, i: number): void {
  w[FTW] |= tagBit(w, i);
}

export function markEmpty(w: Int32Array, i: number): void {
  w[FTW] &= ~tagBit(w, i);
}

export function pop(w: Int32Array): void {
  const status = w[FSW];
  w[FTW] &= ~(1 << ((status >>> TOP_SHIFT) & 7));
  w[FSW] = (status & ~TOP) | ((status + (1 << TOP_SHIFT)) & TOP);
}

/** Merges what an operation returned into FSW: `cleared` condition codes go, an unmasked exception sets ES and B. */
export function report(w: Int32Array, flags: number, cleared = C1): void {
  w[FSW] = (w[FSW] & ~cleared) | flags | ((flags & ~w[FCW] & EXCEPTIONS) !== 0 ? ES_B : 0);
}

/** Makes ES and B agree with flags and masks, after either was loaded. */
export function summarise(w: Int32Array): void {
  const pending = (w[FSW] & ~w[FCW] & EXCEPTIONS) !== 0;
  w[FSW] = pending ? w[FSW] | ES_B : w[FSW] & ~ES_B;
}

/** FCW as the FPU keeps it: bit 6 reads as 1, bits 7 and 13-15 as 0. */
export function setControlWord(w: Int32Array, value: number): void {
  w[FCW] = (value & 0x1f3f) | 0x40;
  summarise(w);
}

export function writeIndefinite(w: Int32Array, d: number): void {
  w[d] = 0;
  w[d + 1] = 0xc0000000;
  w[d + 2] = 0xffff;
}

/** Reports a stack underflow; true when it is masked and the instruction goes on with an indefinite. */
export function underflow(w: Int32Array): boolean {
  report(w, IE | SF);
  return (w[FCW] & IE) !== 0;
}

/**
 * Makes room for a push: the state word to write, or -1 when the push must not happen. Call `pushed` after writing.
 * On a masked stack overflow the indefinite is pushed here and the answer is -1.
 */
export function room(w: Int32Array): number {
  if (isEmpty(w, 7)) return st(w, 7);
  report(w, IE | SF | C1);
  if ((w[FCW] & IE) !== 0) {
    writeIndefinite(w, st(w, 7));
    pushed(w);
  }
  return -1;
}

export function pushed(w: Int32Array): void {
  const status = w[FSW];
  const top = (status - (1 << TOP_SHIFT)) & TOP;
  w[FSW] = (status & ~TOP) | top;
  w[FTW] |= 1 << (top >>> TOP_SHIFT);
}

/** Pushes a copy of ST(i); false, and nothing happened, when that is empty or there is no room. */
export function pushCopy(w: Int32Array, i: number): boolean {
  const status = w[FSW];
  const tags = w[FTW];
  const from = ((status >>> TOP_SHIFT) + i) & 7;
  const to = ((status >>> TOP_SHIFT) - 1) & 7;
  if (((tags >>> from) & ~(tags >>> to) & 1) === 0) return false;
  copyRegister(w, REGISTERS + 4 * to, REGISTERS + 4 * from);
  w[FSW] = (status & ~(TOP | C1)) | (to << TOP_SHIFT);
  w[FTW] = tags | (1 << to);
  return true;
}

/** Copies an 80-bit value from state word `a` to `d`; the two are the same or do not overlap. */
export function copyRegister(w: Int32Array, d: number, a: number): void {
  w[d] = w[a];
  w[d + 1] = w[a + 1];
  w[d + 2] = w[a + 2];
}

/** FNINIT. */
export function initialise(w: Int32Array): void {
  w[FCW] = 0x37f;
  w[FSW] = 0;
  w[FTW] = 0;
  w[W.fop] = 0;
  w[W.fcs] = 0;
  w[W.fds] = 0;
  w.fill(0, W.fip, W.fip + 2);
  w.fill(0, W.fdp, W.fdp + 2);
}
