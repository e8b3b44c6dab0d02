import { IE } from './status.ts';
import { QNAN, SNAN, UNSUPPORTED } from './unpacked.ts';

/** The masked response to an invalid operation: writes the real indefinite. Returns IE. */
export function invalid(w: Int32Array, d: number, cw: number): number {
  if ((cw & IE) !== 0) {
    w[d] = 0;
    w[d + 1] = 0xc0000000;
    w[d + 2] = 0xffff;
  }
  return IE;
}

export function copy(w: Int32Array, d: number, a: number): void {
  const lo = w[a];
  const hi = w[a + 1];
  w[d + 2] = w[a + 2] & 0xffff;
  w[d] = lo;
  w[d + 1] = hi;
}

/** The response to one operand that is a NaN or an unsupported encoding. */
export function propagateOne(w: Int32Array, d: number, a: number, classA: number, cw: number): number {
  if (classA === UNSUPPORTED) return invalid(w, d, cw);
  if (classA === QNAN) {
    copy(w, d, a);
    return 0;
  }
  if ((cw & IE) !== 0) {
    copy(w, d, a);
    w[d + 1] |= 0x40000000;
  }
  return IE;
}

/** Whether the operand at a has the larger significand; the positive one when they are equal. */
function hasPrecedence(w: Int32Array, a: number, b: number): boolean {
  const aHi = w[a + 1] >>> 0;
  const bHi = w[b + 1] >>> 0;
  if (aHi !== bHi) return aHi > bHi;
  const aLo = w[a] >>> 0;
  const bLo = w[b] >>> 0;
  if (aLo !== bLo) return aLo > bLo;
  return (w[a + 2] & 0x8000) === 0;
}

/**
 * The response to two operands of which at least one is a NaN or unsupported; writes the result unless an unmasked
 * invalid operation forbids it. SDM volume 1, table 4-7. Returns IE or 0.
 */
export function propagate(
  w: Int32Array,
  d: number,
  a: number,
  b: number,
  classA: number,
  classB: number,
  cw: number,
): number {
  const classes = classA | classB;
  if ((classes & UNSUPPORTED) !== 0) return invalid(w, d, cw);
  const flags = (classes & SNAN) !== 0 ? IE : 0;
  if (flags !== 0 && (cw & IE) === 0) return IE;
  const aIsNan = (classA & (QNAN | SNAN)) !== 0;
  const bIsNan = (classB & (QNAN | SNAN)) !== 0;
  let chosen = a;
  if (aIsNan && bIsNan) {
    if (classA === classB) chosen = hasPrecedence(w, a, b) ? a : b;
    else chosen = classA === QNAN ? a : b;
  } else if (bIsNan) chosen = b;
  copy(w, d, chosen);
  w[d + 1] |= 0x40000000;
  return flags;
}
