import { raiseGP } from '../fault.ts';
import { updateMode } from '../mode.ts';
import { AR, CS, W } from '../state.ts';
import { isCanonical, isLongActive, setSegment } from './descriptors.ts';
import { loadRealSegment } from './segment-registers.ts';

export function setRip(w: Int32Array, low: number, high: number): void {
  w[W.rip] = low;
  w[W.rip + 1] = high;
}

/** #GP(ext) unless an instruction pointer lies in a code segment: canonical in 64-bit code, else within the limit. */
export function checkTarget(
  w: Int32Array,
  ipLow: number,
  ipHigh: number,
  attributes: number,
  limit: number,
  ext = 0,
): void {
  if (isLongActive(w) && (attributes & AR.L) !== 0) {
    if (!isCanonical(ipHigh)) raiseGP(ext);
  } else if (ipHigh !== 0 || ipLow >>> 0 > limit >>> 0) raiseGP(ext);
}

/** Code descriptors with L and D both set are invalid in IA-32e mode. */
export const isBadLongCode = (w: Int32Array, attributes: number): boolean =>
  isLongActive(w) && (attributes & (AR.L | AR.DB)) === (AR.L | AR.DB);

/** Loads CS for privilege level `cpl`, and the mode that follows from it. */
export function enterCode(w: Int32Array, selector: number, low: number, high: number, cpl: number): void {
  setSegment(w, CS, (selector & 0xfffc) | cpl, low, high);
  w[W.cpl] = cpl;
  updateMode(w);
}

/** Loads CS:IP in real-address or virtual-8086 mode. */
export function enterRealCode(w: Int32Array, selector: number, ip: number): void {
  if (ip >>> 0 > w[W.limit + CS]! >>> 0) raiseGP(0);
  loadRealSegment(w, CS, selector);
  setRip(w, ip, 0);
  updateMode(w);
}
