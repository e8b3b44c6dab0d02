/**
 * Bits shared by the x87 status word, the x87 control word and MXCSR.
 * SDM volume 1, figures 8-4 (status word), 8-6 (control word) and 10-3 (MXCSR).
 */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
/** Exceptions found before the computation: unmasked, they leave the destination as it was. */
export const PRECOMPUTATION = IE | DE | ZE;

export const SF = 0x40;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;

export const RC_NEAREST = 0;
export const RC_DOWN = 1;
export const RC_UP = 2;
export const RC_ZERO = 3;

export const MXCSR_DAZ = 0x40;
export const MXCSR_FTZ = 0x8000;
/** MXCSR's mask bits stand this far above the flags. */
export const MXCSR_MASK_SHIFT = 7;
export const MXCSR_RC_SHIFT = 13;

export function x87Rounding(cw: number): number {
  return (cw >> 10) & 3;
}

/** Significand bits that the precision control field asks for; the reserved encoding 01 acts as 64. */
export function x87Precision(cw: number): number {
  const pc = (cw >> 8) & 3;
  return pc === 0 ? 24 : pc === 2 ? 53 : 64;
}
