/** FCOM, FUCOM, FTST, FXAM. */
import { C0, C2, C3, DE, IE } from './status.ts';
import {
  A,
  B,
  DENORMAL,
  EXP,
  HI,
  INFINITE,
  LO,
  loadF80,
  NAN,
  NORMAL,
  QNAN,
  SIGN,
  SNAN,
  UNSUPPORTED,
  u,
  ZERO,
} from './unpacked.ts';

export const UNORDERED = C3 | C2 | C0;

/** Orders A and B, which are not NaN: C0 when A is less, C3 when they are equal, else 0. */
function order(classA: number, classB: number): number {
  if (classA === ZERO && classB === ZERO) return C3;
  const signA = u[A + SIGN];
  if (classA === ZERO) return u[B + SIGN] === 0 ? C0 : 0;
  if (classB === ZERO || signA !== u[B + SIGN]) return signA !== 0 ? C0 : 0;
  const expA = classA === INFINITE ? 0x8000 : u[A + EXP];
  const expB = classB === INFINITE ? 0x8000 : u[B + EXP];
  const smaller = signA !== 0 ? 0 : C0;
  const larger = signA !== 0 ? C0 : 0;
  if (expA !== expB) return expA < expB ? smaller : larger;
  if (u[A + HI] !== u[B + HI]) return u[A + HI] >>> 0 < u[B + HI] >>> 0 ? smaller : larger;
  if (u[A + LO] !== u[B + LO]) return u[A + LO] >>> 0 < u[B + LO] >>> 0 ? smaller : larger;
  return C3;
}

/**
 * FCOM family: compares a with b. Returns C3 C2 C0 as FCOM sets them, and IE, DE. `quiet` (FUCOM) raises no invalid
 * operation for a quiet NaN. Processors set the condition codes (FCOMI: EFLAGS) even when IE or DE is unmasked.
 */
export function compareF80(w: Int32Array, a: number, b: number, quiet: boolean): number {
  const classA = loadF80(w, a, A);
  const classB = loadF80(w, b, B);
  const classes = classA | classB;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) {
    return quiet && (classes & (SNAN | UNSUPPORTED)) === 0 ? UNORDERED : UNORDERED | IE;
  }
  return order(classA, classB) | ((classes & DENORMAL) !== 0 ? DE : 0);
}

/** FXAM: C3 C2 C0 for the class and C1 for the sign; `empty` is what the tag word says. SDM volume 2, FXAM. */
export function examineF80(w: Int32Array, a: number, empty: boolean): number {
  const sign = ((w[a + 2] >>> 15) & 1) << 9;
  if (empty) return sign | C3 | C0;
  switch (loadF80(w, a, A)) {
    case NORMAL:
      return sign | C2;
    case ZERO:
      return sign | C3;
    case DENORMAL:
      return sign | C3 | C2;
    case INFINITE:
      return sign | C2 | C0;
    case QNAN:
    case SNAN:
      return sign | C0;
    default:
      return sign;
  }
}
