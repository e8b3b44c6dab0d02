import { encode } from '../../src/cpu/assemble.ts';
import type { Operand } from '../../src/cpu/insn.ts';
import { OPCODE_ROWS } from '../../src/cpu/isa/index.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { existsIn, type Random, randomInstruction } from '../../src/cpu/random-instruction.ts';
import { DS, ES, FS, SS } from '../../src/cpu/state.ts';
import { seeded } from '../support/random.ts';
import * as at from './layout.ts';
import type { Item } from './program.ts';
import * as item from './program.ts';

/** Transfers, system instructions and what would end a program early; items of their own make the transfers. */
const LEFT_OUT =
  /^(J|CALL|RET|LOOP|INT|IRET|BOUND|HLT|INS$|OUTS|IN$|OUT$|SYS|CLI|STI|LES|LDS|LSS|LFS|LGS|UD|ENTER|LEAVE|WRFS|WRGS|RDTSC|RDPMC|XSAVE|XRSTOR|XGETBV|S?LDT|STR|VER|LAR|LSL|ARPL|POPF|FLDENV|FRSTOR|FXRSTOR|LDMXCSR|FLDCW)/;
const STRING = /^(MOVS|CMPS|STOS|LODS|SCAS)$/;

const usable = OPCODE_ROWS.filter(
  ({ mnemonic, operands, options }) =>
    !LEFT_OUT.test(mnemonic) &&
    options.cpl0 === undefined &&
    !operands.some((code) => /^(S[wW]|ES|CS|SS|DS|FS|GS)$/.test(code)),
);
const isString = ({ mnemonic, match }: Row): boolean => STRING.test(mnemonic) && match.map === '1';
const POOLS = {
  integer: usable.filter((row) => row.options.unit === undefined && !isString(row)),
  string: usable.filter(isString),
  vector: usable.filter((row) => row.options.unit === 'sse'),
  x87: usable.filter((row) => row.options.unit === 'x87' || row.options.unit === 'mmx'),
  rare: OPCODE_ROWS.filter(({ mnemonic }) =>
    /^(POPF|ENTER|LEAVE|LDMXCSR|FLDCW|UD2|LAR|VERR|HLT|LES|BOUND)$/.test(mnemonic),
  ),
};
const RSP = 4;
const POINTERS = { 64: [3, 5, 6, 7, 12, 13], 32: [3, 5, 6, 7], 16: [3, 5, 6, 7] } as const;

/** Makes random instructions for a world, and the pointers with which they mostly hit memory. */
export class InstructionMaker {
  protected readonly random: Random;
  protected readonly world: at.World;
  protected readonly mode: number;
  protected readonly pools: Record<keyof typeof POOLS, Row[]>;

  constructor(seed: number) {
    this.random = seeded(seed);
    this.world = at.WORLDS[seed % at.WORLDS.length]!;
    this.mode = at.modeOf(this.world);
    const here = ([name, rows]: [string, Row[]]): [string, Row[]] => [
      name,
      rows.filter((row) => existsIn(row, this.mode)),
    ];
    this.pools = Object.fromEntries(Object.entries(POOLS).map(here)) as Record<keyof typeof POOLS, Row[]>;
  }

  protected pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!;
  }
  protected chance(oneIn: number): boolean {
    return this.random(oneIn) === 0;
  }

  /** Random instruction of the pools, bent so that it mostly leaves pointers alone and mostly hits memory. */
  protected instruction(only?: (row: Row) => boolean, registers?: readonly number[], pool?: readonly Row[]): Item[] {
    const rows = pool ?? this.pools[this.pick(KINDS)];
    for (let tries = 0; tries < 50; tries++) {
      const row = only === undefined ? this.pick(rows) : this.pick(this.pools.integer);
      if (only !== undefined && !only(row)) continue;
      if (/^I?DIV$|^AAM$/.test(row.mnemonic) && !this.chance(4)) continue;
      const { operands, prefixes } = randomInstruction(row, this.random, this.mode);
      const addressSize = this.chance(10) ? prefixes.addressSize : ((this.world.code / 8) as 2 | 4 | 8);
      const bent = operands.map((operand, n) => this.#bend(operand, row, n, addressSize, registers));
      if (registers !== undefined && bent.some(({ kind }) => kind === 'mem')) continue;
      const segOverride = bent.some(({ kind }) => kind === 'mem') || this.chance(8) ? -1 : prefixes.segOverride;
      const lock = prefixes.lock === true && bent[0]?.kind === 'mem';
      try {
        const bytes = encode(row, bent, this.mode, { ...prefixes, addressSize, segOverride, lock });
        return [item.raw(bytes, row.mnemonic)];
      } catch {
        // A register that cannot stand beside a REX prefix.
      }
    }
    return [item.raw([0x90], 'nop')];
  }

  #bend(operand: Operand, row: Row, n: number, addressSize: 2 | 4 | 8, registers?: readonly number[]): Operand {
    if (operand.kind === 'gpr') {
      const fixed = /^(AL|AX|CL|CX|DX|[re]A?[XD]?X?|eAX|rAX|DX)$/.test(row.operands[n]!);
      if (fixed) return operand;
      const reg = operand.reg as number;
      if (registers !== undefined) return { ...operand, reg: this.pick(registers) };
      const pointer = reg === RSP || (POINTERS[this.world.code] as readonly number[]).includes(reg);
      if (!pointer || (reg !== RSP && this.chance(8))) return operand;
      return { ...operand, reg: this.pick([0, 1, 2, 0, 1, 2]) };
    }
    if (operand.kind !== 'mem' || row.operands[n]!.startsWith('O') || /^[XY]/.test(row.operands[n]!) || this.chance(25))
      return operand;
    return this.#memoryOperand(operand, addressSize);
  }

  #memoryOperand(operand: Operand & { kind: 'mem' }, addressSize: number): Operand {
    const { code } = this.world;
    const disp = this.pick([0, this.random(64), this.random(256) - 128]);
    const base = addressSize === 2 ? this.pick([3, 5, 6, 7]) : this.pick(POINTERS[code]);
    let index: number | undefined;
    if (addressSize !== 2 && code === 64 && this.chance(6)) index = 14;
    if (addressSize === 2 && base <= 5 && this.chance(8)) index = this.pick([6, 7]);
    const stack = base === RSP || base === 5;
    const natural = stack ? SS : DS;
    const seg = operand.seg >= FS && !this.chance(4) ? natural : operand.seg < FS ? natural : operand.seg;
    const scale = index === undefined || addressSize === 2 ? 0 : this.random(4);
    return { ...operand, base, index, scale, disp, dispHigh: disp >> 31, seg };
  }

  // ---- registers ----

  protected pointers(count: number): Item[] {
    const items = Array.from({ length: count }, () => this.pointer(this.pick(POINTERS[this.world.code])));
    if (this.world.code === 64) items.push(item.raw([0x41, 0xbe, this.random(64), 0, 0, 0], 'mov r14d'));
    return items;
  }

  protected pointer(reg: number): Item {
    const linear = this.#place();
    // BP addresses the stack segment.
    const seg = reg === 5 ? SS : reg === 7 && this.chance(3) ? ES : DS;
    return item.raw(this.moveImmediate(reg, at.offsetIn(this.world, seg, linear)), `pointer r${reg}`);
  }

  #place(): number {
    const kind = this.random(100);
    if (kind < 60) return at.DATA + this.random(9 * at.PAGE);
    if (kind < 80) return at.DATA + at.PAGE * (1 + this.random(8)) - this.random(18);
    if (kind < 85) return at.READ_ONLY + this.random(at.PAGE);
    if (kind < 88) return at.READ_ONLY - this.random(16);
    if (kind < 91) return at.UNMAPPED - this.random(16);
    if (kind < 93) return at.UNMAPPED + this.random(2 * at.PAGE);
    if (kind < 99) return at.STACK + this.random(at.STACK_END - at.STACK - 64);
    return at.CODE + at.PAGE + this.random(2 * at.PAGE);
  }

  protected stackPointer(): Item[] {
    const place = at.STACK + at.PAGE * (1 + this.random(3)) + this.random(24) - 12;
    return [item.raw(this.moveImmediate(RSP, at.offsetIn(this.world, SS, place)), 'stack pointer')];
  }

  protected moveImmediate(reg: number, value: number): number[] {
    const { code } = this.world;
    if (code === 16 && !this.chance(4)) return [0xb8 | reg, ...item.le(value, 2)];
    if (code === 16) return [0x66, 0xb8 | reg, ...item.le(value, 4)];
    if (code === 32) return [0xb8 | reg, ...item.le(value, 4)];
    if (value >= 0 && reg < 8 && this.chance(2)) return [0xb8 | reg, ...item.le(value, 4)];
    return [reg >= 8 ? 0x49 : 0x48, 0xc7, 0xc0 | (reg & 7), ...item.le(value, 4)];
  }
}

const KINDS: readonly ('integer' | 'vector' | 'x87')[] = [...Array(14).fill('integer'), 'vector', 'vector', 'x87'];

/** Register arithmetic that touches neither rCX nor memory by itself. */
export const isPlain = ({ mnemonic, operands }: Row): boolean =>
  /^(ADD|SUB|ADC|SBB|AND|OR|XOR|CMP|TEST|INC|DEC|NOT|NEG|SHL|SHR|SAR|ROL|RCR|MOVZX|MOVSX|SETB|SETZ|SETL|CMOVB|CMOVLE|BT|LAHF|STC|CMC|IMUL|SHLD)$/.test(
    mnemonic,
  ) &&
  operands.length > (/LAHF|STC|CMC/.test(mnemonic) ? -1 : 0) &&
  (mnemonic !== 'IMUL' || operands.length > 1);

/** Leaves ZF and SF alone. */
export const keepsZero = ({ mnemonic }: Row): boolean =>
  /^(MOV|MOVZX|MOVSX|NOT|CMC|STC|CLC|LEA|BSWAP|SETB|SETO|CMOVL)$/.test(mnemonic);
