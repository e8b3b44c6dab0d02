import type { Row } from '../../src/cpu/isa/row.ts';
import { FLAG } from '../../src/cpu/state.ts';
import { randomF80 } from '../softfloat/operands-f80.ts';
import type { Random } from '../support/random.ts';
import { EDGES, fillVector, randomMxcsr, randomMxcsrFlags } from '../support/vector-operands.ts';
import { AT, type Image } from './image.ts';
import { WINDOW_BYTES } from './layout.ts';

const CENTRES = [0x3fff, 0x3fff, 0x3fff + 30, 0x3fff + 62, 0x3fff - 126, 0x3fff + 127, 0x3fff - 1022];

const wide = (random: Random): bigint => (BigInt(random.word() >>> 0) << 32n) | BigInt(random.word() >>> 0);

/** A 64-bit number, at the edge of some size in one case of three. */
function randomQuad(random: Random): bigint {
  if (random.below(3) !== 0) return wide(random) >> [0n, 0n, 0n, 16n, 32n, 48n][random.below(6)]!;
  const edge = random.pick(EDGES) << random.pick([0n, 0n, 0n, 32n]);
  return BigInt.asUintN(64, random.below(3) === 0 ? -edge : edge);
}

/** Registers, flags and data of a case; those of the row's unit with care. */
export function fillImage(image: Image, row: Row, random: Random, long: boolean): void {
  const { view } = image;
  for (let reg = 0; reg < 16; reg++) {
    const value = long ? randomQuad(random) : reg < 8 ? randomQuad(random) & 0xffff_ffffn : 0n;
    image.setGpr(reg, value);
  }
  image.rflags =
    0x202 |
    (random.word() & FLAG.ARITH) |
    (random.below(4) === 0 ? FLAG.DF : 0) |
    (random.below(32) === 0 ? FLAG.AC : 0) |
    (long && random.below(32) === 0 ? FLAG.ID : 0);
  const { unit } = row.options;
  const vectors = long ? 16 : 8;
  for (let reg = 0; reg < vectors; reg++) fillVectors(view, AT.xmm + 16 * reg, 16, random, unit === 'sse');
  fillVectors(view, AT.data, WINDOW_BYTES, random, false);
  fillFloat(image, random, unit);
}

function fillFloat(image: Image, random: Random, unit: Row['options']['unit']): void {
  const { view } = image;
  const x87 = unit === 'x87' || unit === 'fwait';
  const masks = x87 && random.below(3) === 0 ? random.below(64) : 0x3f;
  const waiting = masks !== 0x3f && random.below(4) === 0;
  const flags = x87 ? random.below(64) & (waiting ? 0x3f : masks) : 0;
  view.setUint16(AT.fcw, 0x40 | masks | (x87 ? random.below(4) << 10 : 0) | (random.pick([3, 3, 3, 2, 0]) << 8), true);
  const fsw = (random.below(8) << 11) | (random.below(8) << 8) | (random.below(2) << 14) | flags;
  view.setUint16(AT.fsw, (flags & ~masks) !== 0 ? fsw | 0x8080 : fsw, true);
  image.bytes[AT.ftw] = random.below(3) === 0 ? random.below(256) : random.pick([0xff, 0x7f, 0xfe, 0xef, 0xff]);
  const centre = random.pick(CENTRES);
  for (let n = 0; n < 8; n++) {
    const [se, hi, lo] = x87 ? randomF80(random, centre) : [random.below(0x10000), random.word(), random.word()];
    view.setInt32(AT.st + 16 * n, lo, true);
    view.setInt32(AT.st + 16 * n + 4, hi, true);
    view.setUint16(AT.st + 16 * n + 8, se, true);
  }
  view.setUint32(AT.mxcsr, unit === 'sse' ? randomMxcsr(random) : 0x1f80 | randomMxcsrFlags(random), true);
}

/** For each 16 bytes numbers of one kind, or, where nothing depends on them, noise. */
function fillVectors(view: DataView, at: number, bytes: number, random: Random, rich: boolean): void {
  if (!rich) for (let n = at; n < at + bytes; n += 4) view.setInt32(n, random.word(), true);
  else for (let n = at; n < at + bytes; n += 16) fillVector(view, n, 16, random);
}
