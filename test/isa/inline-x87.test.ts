import { expect, it } from 'vitest';
import { RAX, RCX, W } from '../../src/cpu/state.ts';
import { emits, type TestTier } from '../support/tiers.ts';
import { Guest } from './guest.ts';
import { compileAtRip } from './jit-frame.ts';

const AT = 0x200000;
const DATA = 0x201000;
const CELLS = 8;
const DEPTH = 4;
const PROGRAMS = 120;
const USUAL = 0x37f;
const CONTROLS = [USUAL, USUAL, USUAL, USUAL, 0x27f, 0x77f, 0xf7f, 0x33f, 0x35f, 0x37e, 0x340];
/** Sign and exponent, and the significand's words. */
const EXTENDED = [
  [0x3fff, 0x80000000, 0],
  [0xbfff, 0xc90fdaa2, 0x2168c235],
  [0x4000, 0xffffffff, 0xffffffff],
  [0x3ffe, 0xaaaaaaaa, 0xaaaaaaab],
  [0xc01e, 0x80000001, 0x400],
  [0x3f81, 0x80000000, 0x80000000],
  [0x43fe, 0xffffffff, 0xfffffc00],
  [0x3c01, 0xffffffff, 0xfffffbff],
  [0x4040, 0xf0000000, 1],
  [0, 0, 0],
  [0x8000, 0, 0],
  [0x7ffe, 0xffffffff, 0xffffffff],
  [1, 0x80000000, 0],
  [0, 0x12345678, 9],
  [0x7fff, 0x80000000, 0],
  [0xffff, 0xc0000000, 0],
  [0x7fff, 0x80000001, 0],
  [0x3fff, 0x40000000, 0],
] as const;
const DOUBLES = [1, -0.1, 3, 2 ** 60, -0, 1 / 3, 1e-300, 2 ** -1060, Infinity, Number.NaN, -123456789, 0.5];

let seed = 7;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) | 0;
  return (seed >>> 8) % below;
};
const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;

const memory = (opcode: number, reg: number): number[] => {
  const at = DATA + 8 * random(CELLS);
  return [opcode, 0x04 | (reg << 3), 0x25, at & 0xff, (at >> 8) & 0xff, (at >> 16) & 0xff, 0];
};
/** How many registers an instruction wants, how many more there are behind it, and its bytes. */
type Choice = readonly [wants: number, more: number, bytes: (i: number) => number[]];
const CHOICES: readonly Choice[] = [
  ...[0, 1, 4, 5, 6, 7].flatMap((operation): Choice[] => [
    [2, 0, (i) => [0xd8, 0xc0 | (operation << 3) | i]],
    [2, 0, (i) => [0xdc, 0xc0 | (operation << 3) | i]],
    [2, -1, (i) => [0xde, 0xc0 | (operation << 3) | Math.max(i, 1)]],
    [1, 0, () => memory(0xdc, operation)],
    [1, 0, () => memory(0xd8, operation)],
  ]),
  [1, 0, () => memory(0xdc, 2)],
  [1, -1, () => memory(0xd8, 3)],
  [1, 0, () => memory(0xda, 0)],
  [2, 0, (i) => [0xd9, 0xc8 | i]],
  [2, 0, (i) => [0xd9, 0xc8 | i]],
  [1, 1, (i) => [0xd9, 0xc0 | i]],
  [1, 1, (i) => [0xd9, 0xc0 | i]],
  [2, 0, (i) => [0xdd, 0xd0 | i]],
  [2, -1, (i) => [0xdd, 0xd8 | i]],
  [0, 1, () => memory(0xdd, 0)],
  [0, 1, () => memory(0xd9, 0)],
  [0, 1, () => memory(0xdb, 0)],
  [0, 1, () => memory(0xdf, 5)],
  [0, 1, () => memory(0xdf, 0)],
  [1, 0, () => memory(0xdd, 2)],
  [1, -1, () => memory(0xdd, 3)],
  [1, -1, () => memory(0xd9, 3)],
  [1, -1, () => memory(0xdb, 3)],
  [1, 0, () => memory(0xdb, 2)],
  [0, 1, () => [0xd9, pick([0xe8, 0xeb, 0xec, 0xee])]],
  [1, 0, () => [0xd9, pick([0xe0, 0xe1, 0xe4, 0xfa, 0xfc])]],
  [2, 0, (i) => [0xdb, pick([0xe8, 0xf0]) | i, 0x48, 0x83, 0xd0, 1]],
  [2, -1, (i) => [0xdf, pick([0xe8, 0xf0]) | i, 0x48, 0x83, 0xd0, 1]],
  [2, 0, (i) => [0xd8, 0xd0 | i]],
  [2, -2, () => [0xde, 0xd9, 0xdf, 0xe0]],
  [0, 0, () => [0x48, 0x01, 0xc8]],
];

/** A loop; most go round with as many registers as they began with. */
function program(): number[] {
  const body: number[] = [];
  let depth = DEPTH;
  for (let n = 4 + random(14); n > 0; n--) {
    const [, more, bytes] = pick(CHOICES.filter(([w, m]) => w <= depth && depth + m <= 8));
    body.push(...bytes(random(Math.max(1, depth))));
    depth += more;
  }
  if (random(8) !== 0) {
    for (; depth > DEPTH; depth--) body.push(0xdd, 0xd8);
    for (; depth < DEPTH; depth++) body.push(0xd9, 0xe8);
  }
  const back = body.length + 4;
  return [...body, 0xff, 0xc9, 0x75, -back & 0xff, 0xf4];
}

interface Case {
  readonly code: readonly number[];
  readonly control: number;
  readonly top: number;
  readonly tags: number;
  readonly registers: readonly (readonly number[])[];
  readonly doubles: readonly number[];
}

const cases: readonly Case[] = Array.from({ length: PROGRAMS }, program).flatMap((code) =>
  Array.from({ length: 5 }, () => {
    const top = random(8);
    const full = random(12) === 0 ? random(256) : 0xf;
    return {
      code,
      control: pick(CONTROLS),
      top,
      tags: ((full << top) | ((full << top) >> 8)) & 0xff,
      registers: Array.from({ length: 8 }, () => EXTENDED[random(random(3) === 0 ? EXTENDED.length : 9)]!),
      doubles: Array.from({ length: CELLS }, () => pick(DOUBLES)),
    };
  }),
);

function results(tier: TestTier) {
  const guest = new Guest(tier);
  const { vcpu, ram } = guest;
  const { state, w } = vcpu;
  const texts: string[] = [];
  if (vcpu.regions !== undefined) vcpu.regions.onMade = ({ text }) => texts.push(text);
  const seen = cases.map(({ code, control, top, tags, registers, doubles }) => {
    ram.u8.set(code, AT);
    vcpu.pages.writtenRange(AT, code.length);
    doubles.forEach((value, at) => {
      ram.view.setFloat64(DATA + 8 * at, value, true);
    });
    registers.forEach(([se, hi, lo], at) => {
      w.set([lo!, hi!, se!], W.st + 4 * at);
    });
    w[W.fcw] = control;
    w[W.fsw] = top << 11;
    w[W.ftw] = tags;
    w.fill(0, W.fop, W.mxcsr);
    state.set('gpr', 0n, RAX);
    state.set('gpr', 5n, RCX);
    state.set('rip', BigInt(AT));
    state.set('halted', 0n);
    if (emits(tier)) compileAtRip(vcpu);
    vcpu.run(200);
    return {
      code: Buffer.from(code).toString('hex'),
      rip: state.get('rip'),
      rax: state.get('gpr', RAX),
      x87: [...w.subarray(W.fcw, W.mxcsr), ...w.subarray(W.st, W.st + 32)].map((word) => (word >>> 0).toString(16)),
      memory: Buffer.from(ram.u8.subarray(DATA, DATA + 8 * CELLS)).toString('hex'),
    };
  });
  return { seen, texts, ran: vcpu.regions?.stats.ran ?? 0 };
}

const expected = results('eval').seen;

it.each(['js', 'jit'] as const)('runs of x87 instructions in regions leave what the instructions leave: %s', (tier) => {
  const { seen, texts, ran } = results(tier);
  seen.forEach((each, at) => {
    expect(each).toEqual(expected[at]);
  });
  expect(ran).toBeGreaterThan(PROGRAMS * 100);
  expect(texts.filter((text) => text.includes('x87Add(')).length).toBeGreaterThan(PROGRAMS / 4);
});
