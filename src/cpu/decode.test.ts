import { describe, expect, test } from 'vitest';
import { createDecoder } from './decode.ts';
import type { Insn } from './insn.ts';
import { makeRows, type RowTuple } from './isa/row.ts';
import { MODE } from './mode.ts';

const emit = () => {};
const SAMPLE: readonly RowTuple[] = [
  ['00', 'ADD', 'Eb,Gb', emit, { lock: true }],
  ['01', 'ADD', 'Ev,Gv', emit, { lock: true }],
  ['03', 'ADD', 'Gv,Ev', emit],
  ['50+r', 'PUSH', 'Zv', emit, { d64: true }],
  ['62', 'BOUND', 'Gv,Ma', emit, { no64: true }],
  ['68', 'PUSH', 'Iz', emit, { d64: true }],
  ['83 /0', 'ADD', 'Ev,Ibs', emit, { lock: true }],
  ['8E', 'MOV', 'Sw,Ew', emit],
  ['90', 'NOP', '', emit],
  ['90+r', 'XCHG', 'Zv,rAX', emit],
  ['F3 90', 'PAUSE', '', emit],
  ['9A', 'CALLF', 'Ap', emit, { no64: true }],
  ['A1', 'MOV', 'rAX,Ov', emit],
  ['A5', 'MOVS', 'Yv,Xv', emit],
  ['B8+r', 'MOV', 'Zv,Iv', emit],
  ['C5', 'LDS', 'Gz,Mp', emit, { no64: true }],
  ['D8 /0 m', 'FADD', 'Md', emit],
  ['D8 /0 r', 'FADD', 'ST0,STi', emit],
  ['E9', 'JMP', 'Jz', emit, { f64: true }],
  ['EB', 'JMP', 'Jb', emit, { f64: true }],
  ['0F 01 (C8)', 'MONITOR', '', emit],
  ['0F 00 /0', 'SLDT', 'RvMw', emit, { protectedOnly: true }],
  ['0F 22', 'MOV', 'Cd,Rd', emit],
  ['NP 0F 58', 'ADDPS', 'Vps,Wps', emit],
  ['66 0F 58', 'ADDPD', 'Vpd,Wpd', emit],
  ['F3 0F 58', 'ADDSS', 'Vss,Wss', emit],
  ['0F BC', 'BSF', 'Gv,Ev', emit],
  ['F3 0F BC', 'TZCNT', 'Gv,Ev', emit, { feature: 'bmi1' }],
  ['VEX.NP 0F 38 F2', 'ANDN', 'Gy,By,Ey', emit],
];
const rows = makeRows([SAMPLE]);
const decode = createDecoder({ features: new Set(['bmi1']), rows });
const without = createDecoder({ features: new Set(), rows });

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16));
function decoded(hex: string, mode: number, ip = 0x1000, use = decode): Insn {
  const bytes = bytesOf(hex);
  const insn = use(bytes, 0, 15, mode, ip, 0);
  if (insn === 'truncated') throw new Error('truncated');
  return insn;
}
const nameOf = (hex: string, mode: number, use = decode): string => decoded(hex, mode, 0, use).row.mnemonic;

describe('decode', () => {
  test.each([
    ['canonical', 'eb 10', MODE.CODE_64, 0x7fff, false],
    ['not canonical', 'eb 7f', MODE.CODE_64, 0x7fff, true],
    ['not canonical, below the upper half', 'eb 80', MODE.CODE_64, -0x8000, true],
    ['canonical, with a condition', '74 10', MODE.CODE_64, 0x7fff, false],
    ['at the limit', 'eb 0f', MODE.CODE_32, 0, false],
    ['beyond the limit', 'eb 10', MODE.CODE_32, 0, true],
    ['beyond 64 KiB and wraps', 'eb 10', MODE.CODE_16, 0, false],
  ])('a branch target that is %s', (_, hex, mode, ipHigh, faults) => {
    const low = ipHigh === 0x7fff ? 0xffffff80 | 0 : ipHigh === 0 ? 0xffee : 0;
    const limit = (low + 0x11) & 0xffff;
    const insn = decode(bytesOf(hex), 0, 15, mode, low, ipHigh, limit);
    expect(insn).toMatchObject({ targetFaults: faults });
  });

  test.each([
    ['16', '03 42 fe', MODE.CODE_16, { base: 5, index: 6, scale: 0, disp: -2, seg: 2, size: 2 }],
    ['16, direct', '03 06 00 f0', MODE.CODE_16, { base: undefined, disp: -4096, seg: 3 }],
    ['16 with 67h and SIB', '67 66 03 44 88 10', MODE.CODE_16, { base: 0, index: 1, scale: 2, disp: 16, size: 4 }],
    ['32, no base', '03 04 8d 00 00 00 80', MODE.CODE_32, { base: undefined, index: 1, scale: 2, disp: -0x80000000 }],
    ['32, EBP', '03 45 00', MODE.CODE_32, { base: 5, seg: 2 }],
    ['64, R12 and R13', '4b 03 44 ac 7f', MODE.CODE_64, { base: 12, index: 13, scale: 2, disp: 127, seg: 3, size: 8 }],
    ['64, ESP base is SS', '03 04 24', MODE.CODE_64, { base: 4, index: undefined, seg: 2 }],
    [
      '64, RIP-relative with immediate',
      '83 05 f0 ff ff ff 01',
      MODE.CODE_64,
      { base: undefined, disp: 0xff7, dispHigh: 0 },
    ],
    ['64, RIP-relative below 0', '03 05 00 00 00 80', MODE.CODE_64, { disp: -0x7fffeffa, dispHigh: -1 }],
    ['64 with 67h, EIP-relative', '67 03 05 00 00 00 80', MODE.CODE_64, { disp: -0x7fffeff9, dispHigh: -1 }],
    ['64, FS; DS ignored', '64 3e 03 00', MODE.CODE_64, { seg: 4 }],
    ['32, last override wins', '64 26 03 00', MODE.CODE_32, { seg: 0 }],
    [
      '64, moffs',
      '48 a1 01 02 03 04 05 06 07 88',
      MODE.CODE_64,
      { disp: 0x04030201, dispHigh: 0x88070605 | 0, size: 8 },
    ],
  ])('address: %s', (_name, hex, mode, expected) => {
    const insn = decoded(hex, mode);
    expect(insn.operands.find((operand) => operand.kind === 'mem')).toMatchObject(expected);
    expect(insn.length).toBe(hex.split(' ').length);
  });

  test.each([
    ['AH without REX', '00 c4', { high: true, reg: 0, size: 1 }],
    ['SPL with an empty REX', '40 00 e4', { high: false, reg: 4, size: 1 }],
    ['REX before another prefix is lost', '48 66 01 c0', { reg: 0, size: 2 }],
    ['66h ignored with REX.W', '66 48 01 c0', { reg: 0, size: 8 }],
    ['PUSH r64', '41 50', { reg: 8, size: 8 }],
    ['PUSH r16', '66 50', { reg: 0, size: 2 }],
    ['MOV CR ignores mod', '0f 22 03', { kind: 'creg', reg: 0, size: 8 }],
  ])('register: %s', (_name, hex, expected) => {
    const insn = decoded(hex, MODE.CODE_64);
    expect(insn.operands[0]).toMatchObject(expected);
    expect(insn.length).toBe(hex.split(' ').length);
  });

  test.each([
    ['83 c0 80', { low: -128, high: 0, size: 4 }],
    ['66 83 c0 80', { low: 0xff80, high: 0, size: 2 }],
    ['48 83 c0 80', { low: -128, high: -1, size: 8 }],
    ['48 b8 1 2 3 4 5 6 7 8', { low: 0x04030201, high: 0x08070605, size: 8 }],
    ['68 ff ff ff ff', { low: -1, high: -1, size: 8 }],
  ])('immediate of %s', (hex, expected) => {
    expect(decoded(hex, MODE.CODE_64).operands.at(-1)).toMatchObject(expected);
  });

  test('branch targets are cut to the operand size', () => {
    expect(decoded('eb fe', MODE.CODE_16, 0x1000).target).toEqual([0x1000, 0]);
    expect(decoded('e9 00 f0', MODE.CODE_16, 0xfffd).target).toEqual([0xf000, 0]);
    expect(decoded('66 e9 00 00', MODE.CODE_32, 0x12345678).target).toEqual([0x567c, 0]);
    expect(decoded('e9 00 00 00 80', MODE.CODE_64, 0x1000).target).toEqual([-0x7fffeffb, -1]);
    expect(decoded('66 eb 10', MODE.CODE_64, 0xffffff).target).toEqual([0x1000012, 0]);
    expect(decode(bytesOf('eb 7f'), 0, 2, MODE.CODE_64, -1, 5)).toMatchObject({ next: [1, 6], target: [0x80, 6] });
  });

  test('prefixes choose rows', () => {
    expect(['0f 58 c0', '66 0f 58 c0', 'f3 66 0f 58 c0'].map((hex) => nameOf(hex, MODE.CODE_32))).toEqual([
      'ADDPS',
      'ADDPD',
      'ADDSS',
    ]);
    expect(['90', '41 90', 'f3 90', '66 90', '91'].map((hex) => nameOf(hex, MODE.CODE_64))).toEqual([
      'NOP',
      'XCHG',
      'PAUSE',
      'NOP',
      'XCHG',
    ]);
    expect(nameOf('f3 0f bc c0', MODE.CODE_32)).toBe('TZCNT');
    expect(nameOf('f3 0f bc c0', MODE.CODE_32, without)).toBe('BSF');
    expect(decoded('f2 f3 a5', MODE.CODE_32).rep).toBe(0xf3);
  });

  test.each([
    ['BOUND in 64-bit mode', '62 00', MODE.CODE_64],
    ['BOUND of a register', '62 c0', MODE.CODE_32],
    ['protected mode only', '0f 00 c0', MODE.CODE_16 | MODE.REAL],
    ['LOCK with a register', 'f0 01 c0', MODE.CODE_32],
    ['LOCK where it is not allowed', 'f0 03 00', MODE.CODE_32],
    ['MOV CS', '8e c8', MODE.CODE_32],
    ['segment register 6', '8e f0', MODE.CODE_32],
    ['CR1', '0f 22 c8', MODE.CODE_32],
    ['F2 where no row has it', 'f2 0f 58 c0', MODE.CODE_32],
    ['no row', '0f ff', MODE.CODE_32],
    ['another reg field', 'd8 c8', MODE.CODE_32],
    ['66h before VEX', '66 c4 e2 78 f2 c1', MODE.CODE_64],
    ['REX before VEX', '48 c4 e2 78 f2 c1', MODE.CODE_64],
    ['VEX.L', 'c4 e2 7c f2 c1', MODE.CODE_64],
    ['VEX in real mode', 'c4 e2 78 f2 c1', MODE.CODE_16 | MODE.REAL],
    ['VEX map 4', 'c4 e4 78 f2 c1', MODE.CODE_64],
  ])('#UD: %s', (_name, hex, mode) => {
    expect(nameOf(hex, mode)).toBe('(bad)');
  });

  test('VEX registers, and LDS outside 64-bit mode', () => {
    const andn = decoded('c4 42 b0 f2 c2', MODE.CODE_64);
    expect(andn.operands).toMatchObject([
      { reg: 8, size: 8 },
      { reg: 9, size: 8 },
      { reg: 10, size: 8 },
    ]);
    expect(decoded('c4 e2 b0 f2 c2', MODE.CODE_32).operands).toMatchObject([
      { reg: 0, size: 4 },
      { reg: 1, size: 4 },
      { reg: 2, size: 4 },
    ]);
    expect(decoded('c5 00', MODE.CODE_32)).toMatchObject({ row: { mnemonic: 'LDS' }, length: 2 });
    expect(decoded('66 c5 00', MODE.CODE_32).operands[1]).toMatchObject({ kind: 'mem', size: 4 });
  });

  test('every cut of an instruction is truncated, and 15 bytes are the limit', () => {
    for (const hex of ['66 03 84 88 01 02 03 04', '83 05 f0 ff ff ff 01', '9a 01 02 03 04 05 06', '0f 58 c0']) {
      const bytes = bytesOf(hex);
      for (let available = 0; available < bytes.length; available++) {
        expect(decode(bytes, 0, available, MODE.CODE_32, 0, 0)).toBe('truncated');
      }
      expect(decode(bytes, 0, bytes.length, MODE.CODE_32, 0, 0)).toMatchObject({ length: bytes.length });
    }
    const prefixed = (count: number) => new Uint8Array(20).fill(0x2e, 0, count);
    expect(decode(prefixed(13), 0, 20, MODE.CODE_32, 0, 0)).toMatchObject({ length: 15, row: { mnemonic: 'ADD' } });
    expect(decode(prefixed(14), 0, 20, MODE.CODE_32, 0, 0)).toMatchObject({ row: { mnemonic: '(too long)' } });
    expect(decode(prefixed(20), 0, 20, MODE.CODE_32, 0, 0)).toMatchObject({ row: { mnemonic: '(too long)' } });
    expect(decode(prefixed(14), 0, 14, MODE.CODE_32, 0, 0)).toBe('truncated');
  });
});
