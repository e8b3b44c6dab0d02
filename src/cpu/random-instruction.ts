import { encode, formOf, type Prefixes, RM_16 } from './assemble.ts';
import type { ImmediateOperand, MemoryOperand, Operand, OperandSize } from './insn.ts';
import type { Form } from './isa/lookup.ts';
import type { Row } from './isa/row.ts';
import { MODE } from './mode.ts';
import { bytesOf, type OperandSpec, SOURCE } from './operands.ts';
import { CS, DS, ES, FS, RBP, RDI, RSI, RSP, SS } from './state.ts';

/** A whole number from 0 to `below - 1`. */
export type Random = (below: number) => number;

export interface RandomInstruction {
  readonly row: Row;
  readonly operands: readonly Operand[];
  readonly mode: number;
  readonly prefixes: Prefixes & { operandSize: 2 | 4 | 8; addressSize: 2 | 4 | 8 };
  readonly bytes: Uint8Array;
}

/** True when the row exists in this mode. */
export function existsIn(row: Row, mode: number): boolean {
  const long = (mode & MODE.CODE) === MODE.CODE_64;
  const { only64, no64, protectedOnly } = row.options;
  const real = (mode & MODE.REAL) !== 0;
  if (real && (protectedOnly === true || row.match.map.startsWith('VEX'))) return false;
  return long ? no64 !== true : only64 !== true;
}

/** A random legal encoding of a row in a mode where it exists. */
export function randomInstruction(row: Row, random: Random, mode: number): RandomInstruction {
  return new Generator(formOf(row), random, mode).generate();
}

const BASES_16: readonly (readonly [number | undefined, number | undefined])[] = [...RM_16, [undefined, undefined]];
const INTERESTING = [0, 1, 2, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -1, -128, -32768, -0x80000000];

class Generator {
  readonly #form: Form;
  readonly #random: Random;
  readonly #mode: number;
  readonly #long: boolean;
  readonly #vex: boolean;
  readonly #rex: boolean;
  readonly #operandSize: 2 | 4 | 8;
  readonly #addressSize: 2 | 4 | 8;
  readonly #ip: readonly [number, number];
  #segOverride = -1;
  #target: readonly [number, number] | undefined;

  constructor(form: Form, random: Random, mode: number) {
    this.#form = form;
    this.#random = random;
    this.#mode = mode;
    this.#long = (mode & MODE.CODE) === MODE.CODE_64;
    this.#vex = form.row.match.map.startsWith('VEX');
    this.#operandSize = this.#pick(this.#operandSizes());
    const wideByRex = this.#operandSize === 8 && !form.d64;
    this.#rex = this.#long && (wideByRex || this.#chance(2));
    this.#addressSize = this.#pick(this.#long ? [8, 8, 8, 4] : this.#natural() === 4 ? [4, 4, 4, 2] : [2, 2, 4]);
    this.#ip = this.#natural() === 2 ? [random(0xff00), 0] : [random(0x7fff0000), 0];
  }

  generate(): RandomInstruction {
    const { row, specs, mod } = this.#form;
    const usesRm = specs.some((spec) => spec.source === SOURCE.RM);
    const memory = usesRm && (mod === 'm' || (mod === 'any' && this.#chance(2)));
    const operands = specs.map((spec, position) => this.#operand(spec, position, memory));
    const rep = specs.some(isString) ? this.#pick([0, 0, 0xf2, 0xf3] as const) : 0;
    const lock = row.options.lock === true && operands.some(({ kind }) => kind === 'mem') && this.#chance(3);
    const prefixes = {
      operandSize: this.#operandSize,
      addressSize: this.#addressSize,
      rep,
      lock,
      segOverride: this.#segOverride,
      rex: this.#rex && !this.#vex ? 0x40 : 0,
      ip: this.#ip,
      ...(this.#target === undefined ? {} : { target: this.#target }),
    };
    return { row, operands, mode: this.#mode, prefixes, bytes: encode(row, operands, this.#mode, prefixes) };
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)]!;
  }
  #chance(oneIn: number): boolean {
    return this.#random(oneIn) === 0;
  }
  #i32(): number {
    if (this.#chance(3)) return this.#pick(INTERESTING);
    return (this.#random(0x10000) | (this.#random(0x10000) << 16)) >> this.#pick([0, 0, 8, 16, 24]);
  }
  #natural(): 2 | 4 | 8 {
    const code = this.#mode & MODE.CODE;
    return code === MODE.CODE_16 ? 2 : code === MODE.CODE_32 ? 4 : 8;
  }

  #operandSizes(): (2 | 4 | 8)[] {
    const { d64, f64, row } = this.#form;
    const { prefix } = row.match;
    const plain = !this.#long ? (this.#natural() as 2 | 4) : d64 || f64 ? 8 : 4;
    const prefixed = this.#natural() === 2 ? 4 : f64 && this.#long ? 8 : 2;
    const wide: 8[] = this.#long && !f64 ? [8] : [];
    if (prefix === 'NP' || this.#vex) return [plain, ...wide];
    return prefix === '66' ? [prefixed, ...wide] : [plain, plain, prefixed, ...wide];
  }

  #bytesOf(size: number): number {
    return bytesOf(size, this.#operandSize, this.#long, this.#long && (this.#operandSize === 8 || this.#form.d64));
  }

  #operand(spec: OperandSpec, position: number, memory: boolean): Operand {
    switch (spec.source) {
      case SOURCE.RM:
        return memory ? this.#memory(this.#bytesOf(spec.memorySize)) : this.#register(spec, position);
      case SOURCE.FIXED:
        return spec.bank === 'gpr'
          ? { kind: 'gpr', reg: spec.fixed, high: false, size: this.#bytesOf(spec.size) as OperandSize }
          : { kind: spec.bank, reg: spec.fixed, size: spec.size };
      case SOURCE.ONE:
        return { kind: 'imm', low: spec.fixed, high: 0, size: 1 };
      case SOURCE.IMMEDIATE:
      case SOURCE.IMMEDIATE_Z:
      case SOURCE.IMMEDIATE_BYTE:
        return this.#immediate(spec);
      case SOURCE.RELATIVE_BYTE:
        return this.#relative(this.#random(200) - 100);
      case SOURCE.RELATIVE_Z:
        return this.#relative(this.#operandSize === 2 ? this.#random(0x10000) : this.#i32() >> 1);
      case SOURCE.FAR: {
        const offset = this.#operandSize === 2 ? this.#random(0x10000) : this.#i32();
        return { kind: 'far', selector: this.#random(0x10000), offset, size: this.#operandSize };
      }
      case SOURCE.OFFSET:
        return this.#offset(this.#bytesOf(spec.size));
      case SOURCE.STRING_SOURCE:
        return this.#direct(this.#segment(DS), RSI, 0, 0, this.#bytesOf(spec.size));
      case SOURCE.STRING_DESTINATION:
        return this.#direct(ES, RDI, 0, 0, this.#bytesOf(spec.size));
      default:
        return this.#register(spec, position);
    }
  }

  #register(spec: OperandSpec, position: number): Operand {
    const size = this.#bytesOf(spec.size);
    const upper = this.#long && (this.#rex || this.#vex) ? 16 : 8;
    switch (spec.bank) {
      case 'gpr': {
        const isNop = this.#form.row.opcode === '90+r';
        const reg = isNop ? 1 + this.#random(upper - 1) : this.#random(upper);
        const high = size === 1 && !this.#rex && reg >= 4;
        return { kind: 'gpr', reg: high ? reg - 4 : reg, high, size: size as OperandSize };
      }
      case 'sreg':
        return { kind: 'sreg', reg: this.#pick([ES, SS, DS, FS, ...(position === 0 ? [] : [CS])]), size };
      case 'creg':
        return { kind: 'creg', reg: this.#pick([0, 2, 3, 4, ...(upper === 16 ? [8] : [])]), size };
      case 'xmm':
        return { kind: 'xmm', reg: this.#random(upper), size };
      default:
        return { kind: spec.bank, reg: this.#random(8), size };
    }
  }

  #immediate(spec: OperandSpec): ImmediateOperand {
    const size = this.#bytesOf(spec.size) as OperandSize;
    let low = this.#i32();
    if (spec.source === SOURCE.IMMEDIATE_BYTE) low = (low << 24) >> 24;
    const high = size < 8 ? 0 : spec.source === SOURCE.IMMEDIATE ? this.#i32() : low >> 31;
    if (size < 4) low &= size === 1 ? 0xff : 0xffff;
    return { kind: 'imm', low, high, size };
  }

  #relative(distance: number): Operand {
    const low = this.#ip[0] + distance;
    if (this.#operandSize === 2) this.#target = [low & 0xffff, 0];
    else this.#target = [low | 0, this.#operandSize === 8 && low < 0 ? -1 : 0];
    return { kind: 'rel', size: this.#operandSize };
  }

  // ---- memory ----

  #segment(fallback: number): number {
    if (this.#chance(4)) this.#segOverride = this.#long ? FS + this.#random(2) : this.#random(6);
    return this.#segOverride >= 0 ? this.#segOverride : fallback;
  }

  #direct(seg: number, base: number | undefined, disp: number, dispHigh: number, size: number): MemoryOperand {
    return { kind: 'mem', seg, base, index: undefined, scale: 0, disp, dispHigh, relative: false, size };
  }

  #offset(size: number): MemoryOperand {
    const disp = this.#addressSize === 2 ? this.#random(0x10000) : this.#i32();
    return this.#direct(this.#segment(DS), undefined, disp, this.#addressSize === 8 ? this.#i32() : 0, size);
  }

  #memory(size: number): MemoryOperand {
    let disp = this.#pick([0, this.#random(256) - 128, this.#i32()]);
    let base: number | undefined;
    let index: number | undefined;
    if (this.#addressSize === 2) {
      disp = (disp << 16) >> 16;
      [base, index] = this.#pick(BASES_16);
    } else {
      const registers = this.#rex || (this.#long && this.#vex) ? 16 : 8;
      if (!this.#chance(8)) base = this.#random(registers);
      if (this.#chance(2)) index = this.#random(registers);
      if (index === RSP) index = undefined;
    }
    const scale = index === undefined || this.#addressSize === 2 ? 0 : this.#random(4);
    const seg = this.#segment(base === RSP || base === RBP ? SS : DS);
    return { kind: 'mem', seg, base, index, scale, disp, dispHigh: disp >> 31, relative: false, size };
  }
}

const isString = ({ source }: OperandSpec): boolean =>
  source === SOURCE.STRING_SOURCE || source === SOURCE.STRING_DESTINATION;
