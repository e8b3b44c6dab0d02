import { encode } from '../../src/cpu/assemble.ts';
import type { Operand } from '../../src/cpu/insn.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { bytesOf, type OperandSpec, operandSpec, SOURCE } from '../../src/cpu/operands.ts';
import { DS, FLAG, RAX, RBX } from '../../src/cpu/state.ts';
import { randomF80 } from '../softfloat/operands-f80.ts';
import { closeExtended } from '../support/approximations.ts';
import type { Random } from '../support/random.ts';
import { compareWithHost, type HostCase } from './against-host.ts';
import { Image, MEMORY } from './image.ts';
import { x87Rows } from './vector-rows.ts';

const CASES_PER_ROW = Number(process.env.X87_CASES ?? 40);
const RET = 0xc3;
const C1 = 0x200;
/** An unmasked exception waits: the next instruction that waits for it is #MF. */
const ES_B = 0x8080;
/** These may be one unit in the last place off, and their C1 (rounded up) with it. */
const TRANSCENDENTAL = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;
/** Bytes of an environment that hold FIP, FCS, FOP, FDP, FDS: the host keeps them only while an exception waits. */
const POINTERS: Readonly<Record<string, readonly [start: number, end: number]>> = {
  2: [6, 14],
  4: [12, 28],
};

interface Case extends HostCase {
  readonly operandSize: 2 | 4;
}

class Generator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  make(row: Row): Case {
    const before = new Image();
    this.#registers(before);
    const environment = row.operands[0] === 'M';
    const operandSize = environment && this.#random.below(2) === 0 ? 2 : 4;
    const specs = row.operands.map(operandSpec);
    const operands = specs.map((spec) => this.#operand(row, spec));
    const code = encode(row, operands, MODE.CODE_64, { operandSize });
    before.setCode(code, RET);
    this.#memory(before, row, operandSize);
    return { row, code, before, operandSize };
  }

  #operand(row: Row, spec: OperandSpec): Operand {
    if (spec.source === SOURCE.RM && row.match.mod !== 'r') {
      const size = bytesOf(spec.memorySize, 4, true, false);
      return {
        kind: 'mem',
        seg: DS,
        base: RBX,
        index: undefined,
        scale: 0,
        disp: 8,
        dispHigh: 0,
        relative: false,
        size,
      };
    }
    const size = bytesOf(spec.size, 4, true, false);
    const reg = spec.source === SOURCE.FIXED ? spec.fixed : this.#random.below(8);
    return { kind: spec.bank, reg, size, high: false } as Operand;
  }

  #registers(image: Image): void {
    const random = this.#random;
    const masks = random.below(3) === 0 ? random.below(64) : 0x3f;
    image.fcw = 0x40 | masks | (random.below(4) << 10) | (random.pick([3, 3, 3, 2, 0]) << 8);
    const waiting = random.below(4) === 0 && masks !== 0x3f;
    const flags = random.below(64) & (waiting ? 0x3f : masks);
    image.fsw = (random.below(8) << 11) | (random.below(8) << 8) | (random.below(2) << 14) | flags;
    if ((flags & ~masks) !== 0) image.fsw |= ES_B;
    image.ftw = random.below(3) === 0 ? random.below(256) : random.pick([0xff, 0x7f, 0xfe, 0xef, 0xff]);
    const centre = random.pick([0x3fff, 0x3fff, 0x3fff + 30, 0x3fff + 62, 0x3fff - 126, 0x3fff + 127, 0x3fff - 1022]);
    for (let reg = 0; reg < 8; reg++) {
      const [se, hi, lo] = randomF80(random, centre);
      const view = new DataView(image.st(reg).buffer, image.st(reg).byteOffset);
      view.setInt32(0, lo, true);
      view.setInt32(4, hi, true);
      view.setUint16(8, se, true);
    }
    image.setGpr(RBX, BigInt(MEMORY));
    image.setGpr(RAX, BigInt(random.word() >>> 0));
    image.mxcsr = 0x1f80;
    image.rflags = 2 | (random.word() & FLAG.ARITH);
  }

  #memory(image: Image, row: Row, operandSize: 2 | 4): void {
    const random = this.#random;
    const bytes = image.memory;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 4) view.setInt32(at, random.word(), true);
    const kind = random.below(4);
    if (kind === 0) view.setFloat32(8, random.word() / 2 ** random.below(64), true);
    if (kind === 1) view.setFloat64(8, random.word() / 2 ** random.below(64), true);
    if (kind === 2)
      view.setInt32(8, random.pick([0, 1, 0x80000000, 0x7f800000, 0xff800001, 0x7fc00000, 0x3f800000]), true);
    if (row.mnemonic === 'FBLD') {
      for (let at = 8; at < 17; at++) bytes[at] = random.below(10) * 16 + random.below(10);
      bytes[17] = random.pick([0, 0x80]);
    }
    if (row.mnemonic === 'FLDENV' || row.mnemonic === 'FRSTOR') {
      // Pointers that no machine would note are lost in other ways: the test leaves them out.
      const [start, end] = POINTERS[operandSize];
      bytes.fill(0, 8 + start, 8 + end);
    }
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).reverse().toString('hex');

function comparable({ row, operandSize }: Case, image: Image): Uint8Array {
  const memory = image.memory.slice();
  if (row.mnemonic === 'FNSTENV' || row.mnemonic === 'FNSAVE') {
    const [start, end] = POINTERS[operandSize];
    memory.fill(0, 8 + start, 8 + end);
  }
  return memory;
}

function differences(one: Case, want: Image, got: Image): string[] {
  const { before } = one;
  const lines: string[] = [];
  const compare = (name: string, start: unknown, expected: unknown, actual: unknown): void => {
    if (expected !== actual) lines.push(`${name}: before ${start}, host ${expected}, here ${actual}`);
  };
  compare('vector', 0, want.vector, got.vector);
  compare('rax', before.gpr(RAX), want.gpr(RAX), got.gpr(RAX));
  const approximate = TRANSCENDENTAL.test(one.row.mnemonic);
  for (let reg = 0; reg < 8; reg++) {
    if (approximate && closeExtended(want.st(reg), got.st(reg))) continue;
    compare(`r${reg}`, hex(before.st(reg)), hex(want.st(reg)), hex(got.st(reg)));
  }
  if (approximate) got.fsw = (got.fsw & ~C1) | (want.fsw & C1);
  for (const name of ['fcw', 'fsw', 'ftw'] as const) {
    compare(name, before[name].toString(16), want[name].toString(16), got[name].toString(16));
  }
  const flags = (image: Image): string => (image.rflags & FLAG.ARITH).toString(16);
  compare('flags', flags(before), flags(want), flags(got));
  compare('memory', hex(before.memory), hex(comparable(one, want)), hex(comparable(one, got)));
  return lines;
}

function circumstances({ before }: Case): string {
  const words = `fcw ${before.fcw.toString(16)}, fsw ${before.fsw.toString(16)}, ftw ${before.ftw.toString(16)}`;
  const top = (before.fsw >> 11) & 7;
  const stack = [0, 1, 7].map((i) => `st${i} ${hex(before.st((top + i) & 7))}`).join(' ');
  return `${words}, ${stack}`;
}

compareWithHost({
  title: 'x87',
  rows: x87Rows().filter(({ mnemonic }) => [undefined, mnemonic].includes(process.env.X87_ROW)),
  casesPerRow: CASES_PER_ROW,
  generator: (random) => new Generator(random),
  differences,
  circumstances,
});
