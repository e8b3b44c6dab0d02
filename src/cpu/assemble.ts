import type { MemoryOperand, Operand } from './insn.ts';
import { type Form, makeForm } from './isa/lookup.ts';
import type { Row } from './isa/row.ts';
import { MODE } from './mode.ts';
import { type OperandSpec, SOURCE } from './operands.ts';
import { DS, RBP, RBX, RDI, RSI, RSP, SS } from './state.ts';

/** What an encoding says beside its operands. Sizes default to the mode's. */
export interface Prefixes {
  readonly operandSize?: 2 | 4 | 8;
  readonly addressSize?: 2 | 4 | 8;
  readonly rep?: 0 | 0xf2 | 0xf3;
  readonly lock?: boolean;
  /** Segment override, or -1. An operand that is not in its default segment gets one anyway. */
  readonly segOverride?: number;
  /** REX bits that the operands do not ask for (0x40 alone makes SPL of AH). */
  readonly rex?: number;
  /** Where the instruction stands, and where a relative branch goes. */
  readonly ip?: readonly [low: number, high: number];
  readonly target?: readonly [low: number, high: number];
}

const SEGMENT_BYTES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65] as const;
const MANDATORY = { any: 0, NP: 0, '66': 0x66, F3: 0xf3, F2: 0xf2 } as const;
const VEX_PP = { any: 0, NP: 0, '66': 1, F3: 2, F2: 3 } as const;
const ESCAPES = {
  1: [],
  '0F': [0x0f],
  '0F38': [0x0f, 0x38],
  '0F3A': [0x0f, 0x3a],
  VEX0F: [1],
  VEX0F38: [2],
  VEX0F3A: [3],
} as const;
/** ModRM.rm of 16-bit addressing by base and index. */
export const RM_16: readonly (readonly [base: number, index: number | undefined])[] = [
  [RBX, RSI],
  [RBX, RDI],
  [RBP, RSI],
  [RBP, RDI],
  [RSI, undefined],
  [RDI, undefined],
  [RBP, undefined],
  [RBX, undefined],
];

const forms = new WeakMap<Row, Form>();

export function formOf(row: Row): Form {
  let form = forms.get(row);
  if (form === undefined) forms.set(row, (form = makeForm(row)));
  return form;
}

/** Bytes of one instruction. Throws when the operands cannot be encoded so. */
export function encode(row: Row, operands: readonly Operand[], mode: number, prefixes: Prefixes = {}): Uint8Array {
  return new Encoder(formOf(row), operands, mode, prefixes).encode();
}

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => (value >> (8 * i)) & 0xff);

class Encoder {
  readonly #form: Form;
  readonly #operands: readonly Operand[];
  readonly #code: number;
  readonly #prefixes: Prefixes;
  readonly #operandSize: 2 | 4 | 8;
  readonly #addressSize: 2 | 4 | 8;
  #rex: number;
  #vvvv = 0;
  #opcode: number;
  #modrm: number;
  #segment: number;
  /** SIB byte and displacement, then immediates. */
  readonly #address: number[] = [];
  readonly #immediates: number[] = [];
  /** Bytes at the end that are relative to the next instruction. */
  #relative: { at: 'address' | 'immediates'; bytes: number; target: readonly [number, number] } | undefined;

  constructor(form: Form, operands: readonly Operand[], mode: number, prefixes: Prefixes) {
    this.#form = form;
    this.#operands = operands;
    this.#code = mode & MODE.CODE;
    this.#prefixes = prefixes;
    const natural = this.#code === MODE.CODE_16 ? 2 : this.#code === MODE.CODE_32 ? 4 : 8;
    this.#addressSize = prefixes.addressSize ?? natural;
    this.#operandSize = prefixes.operandSize ?? (natural === 8 && !form.d64 ? 4 : natural);
    this.#rex = prefixes.rex ?? 0;
    const { match } = form.row;
    this.#opcode = match.byte;
    this.#modrm = match.modrm ?? (match.reg ?? 0) << 3;
    if (match.modrm === undefined && form.mod === 'r') this.#modrm |= 0xc0;
    this.#segment = prefixes.segOverride ?? -1;
  }

  encode(): Uint8Array {
    this.#form.specs.forEach((spec, i) => {
      this.#operand(spec, this.#operands[i]!);
    });
    const { match } = this.#form.row;
    const head = match.map.startsWith('VEX') ? this.#vex() : this.#legacy();
    const body = [...head, this.#opcode];
    if (this.#form.modrm) body.push(this.#modrm);
    if (this.#relative !== undefined) this.#resolve(body.length);
    return Uint8Array.from([...body, ...this.#address, ...this.#immediates]);
  }

  // ---- prefixes ----

  /** Prefixes in front of REX or VEX. */
  #common(vex: boolean): number[] {
    const mandatory = vex ? 0 : MANDATORY[this.#form.row.match.prefix];
    const bytes: number[] = [];
    const defaultAddress = this.#code === MODE.CODE_16 ? 2 : this.#code === MODE.CODE_32 ? 4 : 8;
    if (this.#segment >= 0) bytes.push(SEGMENT_BYTES[this.#segment]!);
    if (this.#addressSize !== defaultAddress) bytes.push(0x67);
    if (this.#prefixes.lock === true) bytes.push(0xf0);
    if (!vex && (mandatory === 0x66 || this.#needsOperandSizePrefix())) bytes.push(0x66);
    const rep = mandatory === 0xf2 || mandatory === 0xf3 ? mandatory : (this.#prefixes.rep ?? 0);
    if (rep !== 0) bytes.push(rep);
    return bytes;
  }

  #needsOperandSizePrefix(): boolean {
    if (this.#code === MODE.CODE_16) return this.#operandSize === 4;
    return this.#operandSize === 2;
  }

  #legacy(): number[] {
    const { d64, f64, row } = this.#form;
    const bytes = this.#common(false);
    if (this.#operandSize === 8 && !d64 && !f64) this.#rex |= 0x48;
    if (this.#rex !== 0) {
      if (this.#code !== MODE.CODE_64) throw this.#error('needs a REX prefix, which only 64-bit mode has');
      if (this.#operands.some((operand) => operand.kind === 'gpr' && operand.high)) {
        throw this.#error('AH, CH, DH and BH cannot be used with a REX prefix');
      }
      bytes.push(0x40 | this.#rex);
    }
    return [...bytes, ...ESCAPES[row.match.map]];
  }

  /** The three-byte form (SDM 2A 2.3.5). */
  #vex(): number[] {
    const { match } = this.#form.row;
    const wide = this.#operandSize === 8 || (this.#rex & 8) !== 0 ? 0x80 : 0;
    return [
      ...this.#common(true),
      0xc4,
      ((~this.#rex & 7) << 5) | ESCAPES[match.map][0]!,
      wide | ((~this.#vvvv & 15) << 3) | VEX_PP[match.prefix],
    ];
  }

  // ---- operands ----

  #operand(spec: OperandSpec, operand: Operand): void {
    switch (spec.source) {
      case SOURCE.REG:
        this.#modrm |= this.#number(operand, 4) << 3;
        break;
      case SOURCE.RM:
      case SOURCE.RM_REGISTER:
        if (operand.kind === 'mem') this.#memory(operand);
        else this.#modrm |= 0xc0 | this.#number(operand, 1);
        break;
      case SOURCE.VVVV:
        if ('reg' in operand) this.#vvvv = operand.reg as number;
        break;
      case SOURCE.OPCODE:
        this.#opcode |= this.#number(operand, 1);
        break;
      case SOURCE.IMMEDIATE:
        this.#immediate(operand, 8);
        break;
      case SOURCE.IMMEDIATE_Z:
        this.#immediate(operand, 4);
        break;
      case SOURCE.IMMEDIATE_BYTE:
        this.#immediate(operand, 1);
        break;
      case SOURCE.RELATIVE_BYTE:
      case SOURCE.RELATIVE_Z:
        this.#branch(spec.source === SOURCE.RELATIVE_BYTE ? 1 : this.#operandSize === 2 ? 2 : 4);
        break;
      case SOURCE.FAR:
        if (operand.kind !== 'far') throw this.#error('wants a far pointer');
        this.#immediates.push(...littleEndian(operand.offset as number, this.#operandSize === 2 ? 2 : 4));
        this.#immediates.push(...littleEndian(operand.selector as number, 2));
        break;
      case SOURCE.OFFSET:
        this.#offset(operand);
        break;
      case SOURCE.STRING_SOURCE:
        if (operand.kind === 'mem' && operand.seg !== DS) this.#segment = operand.seg;
        break;
    }
  }

  /** Low three bits of a register number; the fourth goes to a bit of REX. */
  #number(operand: Operand, rexBit: number): number {
    if (!('reg' in operand) || typeof operand.reg !== 'number')
      throw this.#error(`wants a register, not ${operand.kind}`);
    if (operand.kind === 'gpr' && operand.size === 1) {
      if (operand.high) return operand.reg + 4;
      if (operand.reg >= 4) this.#rex |= 0x40;
    }
    if (operand.reg >= 8) this.#rex |= 0x40 | rexBit;
    return operand.reg & 7;
  }

  #immediate(operand: Operand, most: number): void {
    if (operand.kind !== 'imm') throw this.#error(`wants an immediate, not ${operand.kind}`);
    const bytes = Math.min(operand.size, most);
    this.#immediates.push(...littleEndian(operand.low as number, Math.min(bytes, 4)));
    if (bytes === 8) this.#immediates.push(...littleEndian(operand.high as number, 4));
  }

  #branch(bytes: number): void {
    const target = this.#prefixes.target;
    if (target === undefined) throw this.#error('wants a target');
    this.#immediates.push(...new Array<number>(bytes).fill(0));
    this.#relative = { at: 'immediates', bytes, target };
  }

  #offset(operand: Operand): void {
    if (operand.kind !== 'mem') throw this.#error(`wants a memory offset, not ${operand.kind}`);
    if (operand.seg !== DS) this.#segment = operand.seg;
    const low = Math.min(this.#addressSize, 4);
    this.#immediates.push(...littleEndian(operand.disp as number, low));
    if (this.#addressSize === 8) this.#immediates.push(...littleEndian(operand.dispHigh as number, 4));
  }

  // ---- ModR/M addresses ----

  #memory(operand: MemoryOperand): void {
    const stack = operand.base === RSP || operand.base === RBP;
    if (operand.seg !== (stack ? SS : DS)) this.#segment = operand.seg;
    if (this.#addressSize === 2) this.#memory16(operand);
    else this.#memory32(operand);
  }

  #displacement(disp: number, wide: 2 | 4, always: boolean): void {
    if (disp === 0 && !always) return;
    const short = disp >= -128 && disp <= 127;
    this.#modrm |= short ? 0x40 : 0x80;
    this.#address.push(...littleEndian(disp, short ? 1 : wide));
  }

  #memory16({ base, index, disp }: MemoryOperand): void {
    if (base === undefined) {
      this.#modrm |= 6;
      this.#address.push(...littleEndian(disp as number, 2));
      return;
    }
    const rm = RM_16.findIndex((pair) => pair[0] === base && pair[1] === index);
    if (rm < 0) throw this.#error('has an address that 16-bit addressing cannot form');
    this.#modrm |= rm;
    this.#displacement(disp as number, 2, rm === 6);
  }

  #memory32({ base, index, scale, disp, dispHigh }: MemoryOperand): void {
    if (base === undefined && index === undefined) {
      this.#absolute(disp as number, dispHigh as number);
      return;
    }
    if (index === undefined && ((base as number) & 7) !== RSP) {
      this.#modrm |= (base as number) & 7;
    } else {
      const indexBits = index === undefined ? RSP : (index as number);
      if (indexBits >= 8) this.#rex |= 0x42;
      this.#modrm |= RSP;
      this.#address.push(
        ((scale as number) << 6) | ((indexBits & 7) << 3) | (base === undefined ? 5 : (base as number) & 7),
      );
    }
    if (base === undefined) {
      this.#address.push(...littleEndian(disp as number, 4));
      return;
    }
    if ((base as number) >= 8) this.#rex |= 0x41;
    this.#displacement(disp as number, 4, ((base as number) & 7) === RBP);
  }

  /** No base and no index; in 64-bit mode by SIB when a sign-extended disp32 reaches, else relative to RIP. */
  #absolute(disp: number, dispHigh: number): void {
    if (this.#code !== MODE.CODE_64) {
      this.#modrm |= 5;
      this.#address.push(...littleEndian(disp, 4));
    } else if (dispHigh === disp >> 31) {
      this.#modrm |= RSP;
      this.#address.push(0x25, ...littleEndian(disp, 4));
    } else {
      this.#modrm |= 5;
      this.#address.push(0, 0, 0, 0);
      this.#relative = { at: 'address', bytes: 4, target: [disp, dispHigh] };
    }
  }

  #resolve(headLength: number): void {
    const { at, bytes, target } = this.#relative!;
    const length = headLength + this.#address.length + this.#immediates.length;
    const wide = (pair: readonly [number, number]): bigint => (BigInt(pair[1]) << 32n) | BigInt(pair[0] >>> 0);
    const cut = at === 'immediates' && this.#operandSize < 8 ? 8 * this.#operandSize : 64;
    const distance = BigInt.asIntN(cut, wide(target) - wide(this.#prefixes.ip ?? [0, 0]) - BigInt(length));
    if (distance !== BigInt.asIntN(8 * bytes, distance)) throw this.#error(`cannot reach its target in ${bytes} bytes`);
    const place = at === 'address' ? this.#address : this.#immediates;
    place.splice(place.length - bytes, bytes, ...littleEndian(Number(distance), bytes));
  }

  #error(what: string): Error {
    const { row } = this.#form;
    return new Error(`${row.mnemonic} ${row.operands.join(',')} (${row.opcode}) ${what}`);
  }
}
