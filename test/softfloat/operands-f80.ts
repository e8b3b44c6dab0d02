import type { Random } from '../support/random.ts';

/** An 80-bit operand: sign and exponent, high and low significand words. */
export type F80 = readonly [se: number, hi: number, lo: number];

const exponents = [
  0, 1, 2, 0x3f80, 0x3f81, 0x3bcd, 0x3c01, 0x3fbe, 0x3ffe, 0x3fff, 0x4000, 0x403d, 0x403e, 0x7ffd, 0x7ffe, 0x7fff,
];
const significands: readonly (readonly [number, number])[] = [
  [0x80000000, 0],
  [0x80000000, 1],
  [0xc0000000, 0],
  [0xffffffff, 0xffffffff],
  [0xffffff00, 0],
  [0xffffff80, 0],
  [0xffffffff, 0xfffff800],
  [0xffffffff, 0xfffffc00],
  [0, 0],
  [0, 1],
  [0x40000000, 0],
  [0x7fffffff, 0xffffffff],
];

/** Edge values of every class, both signs. */
export const edges: readonly F80[] = exponents.flatMap((e) =>
  significands.flatMap(([hi, lo]): F80[] => [
    [e, hi, lo],
    [e | 0x8000, hi, lo],
  ]),
);

function significand(random: Random): [number, number] {
  const shape = random.below(8);
  if (shape === 0) return [0x80000000 | (random.word() & 0x7fffff00), 0];
  if (shape === 1) return [0x80000000 | random.word(), random.word() & ~0x7ff];
  if (shape === 2) return [0x80000000 | (1 << random.below(32)), 1 << random.below(32)];
  if (shape === 3) return [-1 << random.below(31), 0];
  if (shape === 4) return [-1, -1 << random.below(32)];
  return [0x80000000 | random.word(), random.word()];
}

/** A random operand: mostly numbers near one another, at times an edge, a denormal or a meaningless pattern. */
export function randomF80(random: Random, centre = 0x3fff): F80 {
  const shape = random.below(16);
  if (shape === 0) return random.pick(edges);
  if (shape === 1) return [random.word() & 0xffff, random.word(), random.word()];
  if (shape === 2) return [random.word() & 0x8000, random.word() >>> random.below(32), random.word()];
  const [hi, lo] = significand(random);
  const sign = random.word() & 0x8000;
  if (shape < 5) return [sign | random.below(0x7fff), hi, lo];
  const spread = random.pick([2, 8, 70, 200]);
  return [sign | ((centre + random.below(2 * spread) - spread) & 0x7fff), hi, lo];
}
