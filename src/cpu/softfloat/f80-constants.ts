/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
import { roundsUp } from './round.ts';
import { x87Rounding } from './status.ts';

/** Unbiased exponent, 64 bits of significand, and the 32 bits below them: the order of the opcodes D9 E8 to D9 EE. */
const CONSTANTS: readonly (readonly [exp: number, hi: number, lo: number, below: number])[] = [
  [0, 0x80000000, 0, 0],
  [1, 0xd49a784b, 0xcd1b8afe, 0x492bf6ff],
  [0, 0xb8aa3b29, 0x5c17f0bb, 0xbe87fed0],
  [1, 0xc90fdaa2, 0x2168c234, 0xc4c6628b],
  [-2, 0x9a209a84, 0xfbcff798, 0x8f8959ac],
  [-1, 0xb17217f7, 0xd1cf79ab, 0xc9e3b398],
  [-16383, 0, 0, 0],
];

/** Writes constant `index` (0 = 1, log2(10), log2(e), pi, log10(2), ln(2), 6 = 0), rounded to 64 bits as RC says. */
export function loadConstant(w: Int32Array, d: number, index: number, cw: number): void {
  const [exp, hi, lo, below] = CONSTANTS[index];
  w[d] = lo + (roundsUp(x87Rounding(cw), 0, below | 0, lo & 1) ? 1 : 0);
  w[d + 1] = hi;
  w[d + 2] = exp + 16383;
}
