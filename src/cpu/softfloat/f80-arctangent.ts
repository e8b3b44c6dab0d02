/** FPATAN. */
import { CONSTANT_BITS, finishResult, PI, setResult, significandOf, WORKING_BITS } from './fixed-point.ts';
import { propagate } from './nan.ts';
import { DE } from './status.ts';
import { A, B, DENORMAL, EXP, HI, INFINITE, LO, loadF80, NAN, SIGN, UNSUPPORTED, u, ZERO } from './unpacked.ts';

/** Below 2^-TINY a ratio is its own arctangent but for less than the last place. */
const TINY = 70;

/** t - t^3/3 + t^5/5 ... with `bits` fraction bits; quick for small t. */
function series(t: bigint, bits: number): bigint {
  const width = BigInt(bits);
  const square = (t * t) >> width;
  let power = t;
  let sum = t;
  for (let n = 3; power !== 0n; n += 2) {
    power = -((power * square) >> width);
    if (power === -1n) break;
    sum += power / BigInt(n);
  }
  return sum;
}

/** arctan(i / 8) for i = 0 .. 8 with CONSTANT_BITS fraction bits, by the addition theorem. */
const EIGHTHS: readonly bigint[] = [0n];
for (let i = 1; i <= 8; i++) {
  const guard = 16;
  const step = (8n << BigInt(CONSTANT_BITS + guard)) / BigInt(64 + i * (i - 1));
  (EIGHTHS as bigint[]).push(EIGHTHS[i - 1] + (series(step, CONSTANT_BITS + guard) >> BigInt(guard)));
}

/** arctan of a ratio between 0 and 1. */
function arctangentOf(ratio: bigint, bits: number): bigint {
  const width = BigInt(bits);
  const index = (16n * ratio + (1n << width)) >> (width + 1n);
  if (index === 0n) return series(ratio, bits);
  const rest = ((8n * ratio - (index << width)) << width) / ((8n << width) + ratio * index);
  return (EIGHTHS[Number(index)] >> BigInt(CONSTANT_BITS - bits)) + series(rest, bits);
}

/** Places an angle of the first octant by the operands' order and signs; B is x, A is y. */
function setAngle(angle: bigint, bits: number, steep: boolean): void {
  const pi = PI >> BigInt(CONSTANT_BITS - bits);
  let placed = steep ? (pi >> 1n) - angle : angle;
  if (u[B + SIGN] !== 0) placed = pi - placed;
  setResult(u[A + SIGN], placed, bits);
}

/** A zero or infinite operand: the angle is a multiple of pi/4. Returns the flags. */
function storeAxis(w: Int32Array, d: number, classY: number, classX: number, cw: number): number {
  const sign = u[A + SIGN];
  const left = u[B + SIGN] !== 0;
  const diagonal = classY === INFINITE && classX === INFINITE;
  const vertical = !diagonal && (classY === INFINITE || (classX === ZERO && classY !== ZERO));
  if (!diagonal && !vertical && !left) {
    w[d] = 0;
    w[d + 1] = 0;
    w[d + 2] = sign << 15;
    return 0;
  }
  const quarters = diagonal ? (left ? 3n : 1n) : vertical ? 2n : 4n;
  setResult(sign, (PI * quarters) >> 2n, CONSTANT_BITS);
  return finishResult(w, d, cw);
}

function isSteep(): boolean {
  if (u[A + EXP] !== u[B + EXP]) return u[A + EXP] > u[B + EXP];
  if (u[A + HI] !== u[B + HI]) return u[A + HI] >>> 0 > u[B + HI] >>> 0;
  return u[A + LO] >>> 0 > u[B + LO] >>> 0;
}

/** FPATAN: d = the angle of the point (x, y), -pi to pi. */
export function arctangent(w: Int32Array, d: number, y: number, x: number, cw: number): number {
  const classY = loadF80(w, y, A);
  const classX = loadF80(w, x, B);
  const classes = classY | classX;
  if ((classes & (NAN | UNSUPPORTED)) !== 0) return propagate(w, d, y, x, classY, classX, cw);
  const denormal = (classes & DENORMAL) !== 0 ? DE : 0;
  if ((denormal & ~cw) !== 0) return denormal;
  if ((classes & (ZERO | INFINITE)) !== 0) return denormal | storeAxis(w, d, classY, classX, cw);
  const steep = isSteep();
  const top = steep ? B : A;
  const bottom = steep ? A : B;
  const distance = u[bottom + EXP] - u[top + EXP];
  if (distance > TINY) {
    if (!steep && u[B + SIGN] === 0) {
      setResult(u[A + SIGN], (significandOf(top) << 128n) / significandOf(bottom) - 1n, 128 + distance);
    } else setAngle(1n, CONSTANT_BITS, steep);
  } else {
    const bits = WORKING_BITS + 8 + distance;
    const ratio = (significandOf(top) << BigInt(bits - distance)) / significandOf(bottom);
    setAngle(arctangentOf(ratio, bits), bits, steep);
  }
  return denormal | finishResult(w, d, cw);
}
