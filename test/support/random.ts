import type { Random } from '../../src/cpu/random-instruction.ts';

/** A generator of whole numbers below a bound that always gives the same ones for a seed (xorshift). */
export function seeded(seed: number): Random {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  const next = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
  for (let n = 0; n < 8; n++) next();
  return (below) => next() % below;
}
