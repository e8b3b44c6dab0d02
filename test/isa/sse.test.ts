import { encode } from '../../src/cpu/assemble.ts';
import { VECTOR } from '../../src/cpu/fault.ts';
import type { Operand, OperandSize } from '../../src/cpu/insn.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { bytesOf, type OperandSpec, operandSpec, SOURCE } from '../../src/cpu/operands.ts';
import { DS, FLAG, RAX, RBX, RDI, RDX, RSP } from '../../src/cpu/state.ts';
import { APPROXIMATE, closeSingles } from '../support/approximations.ts';
import type { Random } from '../support/random.ts';
import { fillVector, randomMxcsr, randomWord } from '../support/vector-operands.ts';
import { compareWithHost, type HostCase } from './against-host.ts';
import { Image, MEMORY } from './image.ts';
import { vectorRows } from './vector-rows.ts';

const CASES_PER_ROW = Number(process.env.SSE_CASES ?? 24);
const RET = 0xc3;
/** Busy, an unmasked exception, invalid operation. */
const FSW_PENDING = 0x8081;
/** The last sixteen bytes stay free for operands that begin askew. */
const PLACES = [0, 16, 32, 48, 64, 80, 96];

class Generator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  make(row: Row): HostCase {
    const before = new Image();
    this.#registers(before);
    // MXCSR's bit 17 exists on AMD's chips only.
    if (row.mnemonic === 'LDMXCSR') before.memory.set(before.memory.map((byte) => byte & ~2));
    const specs = row.operands.map(operandSpec);
    const memory = this.#usesMemory(row, specs);
    const wide = this.#random.below(4) === 0;
    const operandSize = wide ? 8 : row.match.prefix === '66' ? 2 : 4;
    const operands = specs.map((spec) => this.#operand(spec, memory, wide));
    const code = encode(row, operands, MODE.CODE_64, { operandSize });
    before.setCode(code, RET);
    return { row, code, before };
  }

  #usesMemory(row: Row, specs: readonly OperandSpec[]): boolean {
    const either = specs.some(({ source }) => source === SOURCE.RM);
    if (row.match.mod !== 'any') return row.match.mod === 'm';
    if (specs.some(({ mod }) => mod === 'm')) return true;
    return either && this.#random.below(2) === 0;
  }

  #operand(spec: OperandSpec, memory: boolean, wide: boolean): Operand {
    const random = this.#random;
    const size = bytesOf(spec.size, wide ? 8 : 4, true, wide);
    if (spec.source === SOURCE.IMMEDIATE) return { kind: 'imm', low: random.below(256), high: 0, size: 1 };
    if (spec.source === SOURCE.RM && memory) {
      const bytes = bytesOf(spec.memorySize, wide ? 8 : 4, true, wide);
      const disp = random.pick(PLACES) + (random.below(8) === 0 ? random.below(16) : 0);
      return {
        kind: 'mem',
        seg: DS,
        base: RBX,
        index: undefined,
        scale: 0,
        disp,
        dispHigh: 0,
        relative: false,
        size: bytes,
      };
    }
    if (spec.source === SOURCE.FIXED) return { kind: spec.bank, reg: spec.fixed, size } as Operand;
    if (spec.bank !== 'gpr')
      return { kind: spec.bank, reg: random.below(spec.bank === 'xmm' ? 16 : 8), size } as Operand;
    let reg = random.below(16);
    if (reg === RSP) reg = RAX;
    return { kind: 'gpr', reg, high: false, size: size as OperandSize };
  }

  #registers(image: Image): void {
    const random = this.#random;
    const pending = random.below(16) === 0;
    image.fcw = pending ? 0x37e : 0x37f;
    image.fsw = (random.below(8) << 11) | (pending ? FSW_PENDING : 0);
    image.ftw = random.below(256);
    for (let reg = 0; reg < 8; reg++) {
      this.#fill(image.st(reg).subarray(0, 8));
      image.st(reg)[8] = random.below(256);
      image.st(reg)[9] = random.below(256);
    }
    for (let reg = 0; reg < 16; reg++) {
      this.#fill(image.xmm(reg));
      image.setGpr(reg, (BigInt(randomWord(random) >>> 0) << 32n) | BigInt(randomWord(random) >>> 0));
    }
    image.setGpr(RBX, BigInt(MEMORY));
    image.setGpr(RDI, BigInt(MEMORY + random.below(112)));
    for (const reg of [RAX, RDX])
      if (random.below(4) !== 0) image.setGpr(reg, BigInt.asUintN(64, BigInt(random.below(40) - 20)));
    this.#fill(image.memory);
    image.mxcsr = randomMxcsr(random);
    image.rflags = 2 | (random.word() & FLAG.ARITH);
  }

  #fill(bytes: Uint8Array): void {
    fillVector(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, this.#random);
  }
}

const hex = (bytes: Uint8Array): string =>
  [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

/** What differs, one line each: name, value before, value on the host, value here. */
function differences({ row, before }: HostCase, want: Image, got: Image): string[] {
  const lines: string[] = [];
  const compare = (name: string, start: unknown, expected: unknown, actual: unknown): void => {
    if (expected !== actual) lines.push(`${name}: before ${start}, host ${expected}, here ${actual}`);
  };
  compare('vector', 0, want.vector, got.vector);
  for (let reg = 0; reg < 16; reg++) {
    if (reg !== RSP)
      compare(`r${reg}`, before.gpr(reg).toString(16), want.gpr(reg).toString(16), got.gpr(reg).toString(16));
    if (APPROXIMATE.test(row.mnemonic) && closeSingles(want.xmm(reg), got.xmm(reg))) continue;
    compare(`xmm${reg}`, hex(before.xmm(reg)), hex(want.xmm(reg)), hex(got.xmm(reg)));
  }
  for (let reg = 0; reg < 8; reg++) compare(`mm${reg}`, hex(before.st(reg)), hex(want.st(reg)), hex(got.st(reg)));
  // AMD's chips enter the MMX state even when a conversion to or from MMX registers raises #XM.
  const names = want.vector === VECTOR.XM ? (['mxcsr'] as const) : (['fsw', 'ftw', 'mxcsr'] as const);
  for (const name of names) {
    compare(name, before[name].toString(16), want[name].toString(16), got[name].toString(16));
  }
  const flags = (image: Image): string => (image.rflags & FLAG.ARITH).toString(16);
  compare('flags', flags(before), flags(want), flags(got));
  compare('memory', hex(before.memory), hex(want.memory), hex(got.memory));
  return lines;
}

compareWithHost({
  title: 'MMX and SSE',
  rows: vectorRows().filter(({ mnemonic }) => [undefined, mnemonic].includes(process.env.SSE_ROW)),
  casesPerRow: CASES_PER_ROW,
  generator: (random) => new Generator(random),
  differences,
  circumstances: ({ before }) => `mxcsr ${before.mxcsr.toString(16)}`,
});
