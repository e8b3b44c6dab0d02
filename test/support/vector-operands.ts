import type { Random } from './random.ts';

/** Numbers at the edge of some integer size. */
export const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
] as const;
/** The same, and what vectors of bytes and words make of them. */
const WORDS = [
  0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000, 0x80808080, 0x7f7f7f7f, 0x00ff00ff,
];
const SINGLES = [
  0, 0x80000000, 1, 0x007fffff, 0x00800000, 0x80800000, 0x3f800000, 0xbf800000, 0x3f000000, 0x40200000, 0x4f000000,
  0xcf000000, 0x4effffff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0xffa00000,
  0x34000000,
];
// biome-ignore format: table
const DOUBLES = [
  0n, 0x8000000000000000n, 1n, 0x000fffffffffffffn, 0x0010000000000000n, 0x3ff0000000000000n, 0xbff0000000000000n,
  0x3fe0000000000000n, 0x4004000000000000n, 0x41dfffffffc00000n, 0x41dfffffffe00000n, 0xc1e0000000000000n,
  0xc1e0000000200000n, 0x43e0000000000000n, 0xc3e0000000000000n, 0x7fefffffffffffffn, 0x7ff0000000000000n,
  0xfff0000000000000n, 0x7ff8000000000000n, 0x7ff0000000000001n, 0xfff8123456789abcn, 0x47efffffe0000000n,
  0x47effffff0000000n, 0x380fffffffffffffn, 0x36a0000000000000n, 0x3690000000000000n,
];

/** 32 bits, in one case of three at the edge of some size. */
export const randomWord = (random: Random): number => (random.below(3) === 0 ? random.pick(WORDS) : random.word());

/**
 * Fills `bytes` bytes, a multiple of 8, with numbers of one kind: words, singles, doubles, letters of a small alphabet,
 * or noise.
 */
export function fillVector(view: DataView, at: number, bytes: number, random: Random): void {
  const kind = random.below(5);
  for (let word = at; word < at + bytes; word += 4) view.setInt32(word, wordOf(kind, random), true);
  if (kind !== 2) return;
  for (let quad = at; quad < at + bytes; quad += 8) fillDouble(view, quad, random);
}

function wordOf(kind: number, random: Random): number {
  switch (kind) {
    case 0:
      return randomWord(random);
    case 1:
      return random.below(2) === 0 ? random.pick(SINGLES) : nearSingle(random);
    case 3:
      return random.word() & 0x03030303;
    case 4:
      return random.word() & 0x00010003;
    default:
      return random.word();
  }
}

const single = new DataView(new ArrayBuffer(4));
/** A single of moderate size, so that sums and products meet. */
function nearSingle(random: Random): number {
  single.setFloat32(0, random.word() / 2 ** random.below(48));
  return single.getInt32(0);
}

function fillDouble(view: DataView, at: number, random: Random): void {
  if (random.below(2) !== 0) {
    view.setFloat64(at, (random.word() / 2 ** random.below(60)) * random.pick([1, 2 ** 60, 2 ** -1030]), true);
    return;
  }
  view.setBigUint64(at, random.pick(DOUBLES), true);
  if (random.below(4) === 0) view.setInt32(at, random.pick([0, 1, -1]), true);
}

/** MXCSR with any rounding, exceptions unmasked in one case of four, and at times denormals taken or made as zero. */
export function randomMxcsr(random: Random): number {
  const masks = random.below(4) === 0 ? random.below(64) << 7 : 0x1f80;
  const modes = (random.below(4) << 13) | random.pick([0, 0, 0, 0x40, 0x8000, 0x8040]);
  return masks | modes | randomMxcsrFlags(random);
}

/** Exceptions that MXCSR remembers. */
export const randomMxcsrFlags = (random: Random): number => random.pick([0, 0x20, 0x3f]);
