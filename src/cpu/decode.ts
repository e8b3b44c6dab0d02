import type { Insn, MemoryOperand, Operand, OperandSize, OtherRegisterOperand } from './insn.ts';
import { GP_ROW, OPCODE_ROWS, UD_ROW } from './isa/index.ts';
import { type Form, OpcodeTables, REX_B_CLASS } from './isa/lookup.ts';
import { MAPS, type Row } from './isa/row.ts';
import { MODE } from './mode.ts';
import { type Bank, bytesOf, type OperandSpec, SOURCE } from './operands.ts';
import { PREFIX, PREFIX_KIND, PREFIX_KIND_64, REX, SEGMENT_OF } from './prefixes.ts';
import { GPR_OPERANDS, HIGH_BYTES, OTHER_REGISTER } from './register-operands.ts';
import { DS, ES, FS, RBP, RBX, RDI, RSI, RSP, SS } from './state.ts';

const MAX_LENGTH = 15;
const [MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX0F] = MAPS.map((_, index) => index) as [
  number,
  number,
  number,
  number,
  number,
];

/** 16-bit addressing (SDM 2A table 2-1). */
const BASE_16 = [RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX];
const INDEX_16 = [RSI, RDI, RSI, RDI, undefined, undefined, undefined, undefined];

const REPEATS = [0, 0xf2, 0xf3] as const;
const NO_OPERANDS: readonly Operand[] = [];

/**
 * Decodes one instruction at `bytes[at]`, of which `available` bytes may be looked at; the instruction pointer
 * there is given as two int32 halves, with the limit of the code segment outside 64-bit mode. 'truncated': more bytes are needed and fewer than 15 were available.
 * What is no instruction in this mode decodes as the row that raises #UD, one longer than 15 bytes as the row
 * that raises #GP(0) (SDM 3A 6.15).
 */
export type Decode = (
  bytes: Uint8Array,
  at: number,
  available: number,
  mode: number,
  ipLow: number,
  ipHigh: number,
  codeLimit?: number,
) => Insn | 'truncated';

export interface DecoderOptions {
  /** CPUID features that the CPU has: rows that need another one do not exist. */
  readonly features: ReadonlySet<string>;
  readonly rows?: readonly Row[];
}

export function createDecoder({ features, rows = OPCODE_ROWS }: DecoderOptions): Decode {
  const decoder = new Decoder(new OpcodeTables(rows, features));
  return (bytes, at, available, mode, ipLow, ipHigh, codeLimit = -1) =>
    decoder.decode(bytes, at, available, mode, ipLow, ipHigh, codeLimit);
}

/** The instruction in hand. One object serves all instructions, so nothing but the result is allocated. */
class Decoder {
  readonly #tables: OpcodeTables;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #pos = 0;
  #available = 0;
  #mode = 0;
  #ipLow = 0;
  #ipHigh = 0;
  #codeLimit = 0;

  #long = false;
  #operandSizePrefix = false;
  #addressSizePrefix = false;
  #rex = 0;
  #rep = 0;
  #lock = false;
  #segment = -1;
  #vvvv = 0;

  #map = MAP_1;
  #prefix = 0;
  #opcode = 0;
  #modrm = 0;
  #operandSize: 2 | 4 | 8 = 4;
  #addressSize: 2 | 4 | 8 = 4;
  #wide = false;

  #base: number | undefined = undefined;
  #index: number | undefined = undefined;
  #scale = 0;
  #disp = 0;
  #ripRelative = false;
  #targetLow = 0;
  #targetHigh = 0;
  #hasTarget = false;

  constructor(tables: OpcodeTables) {
    this.#tables = tables;
  }

  decode(
    bytes: Uint8Array,
    at: number,
    available: number,
    mode: number,
    ipLow: number,
    ipHigh: number,
    codeLimit: number,
  ): Insn | 'truncated' {
    this.#bytes = bytes;
    this.#start = at;
    this.#pos = at;
    this.#available = available;
    this.#mode = mode;
    this.#ipLow = ipLow;
    this.#ipHigh = ipHigh;
    this.#codeLimit = codeLimit;
    this.#long = (mode & MODE.CODE) === MODE.CODE_64;
    this.#vvvv = 0;
    this.#hasTarget = false;
    if (!this.#prefixes()) return this.#invalid();
    const form = this.#opcodeAndModrm();
    if (form === undefined) return this.#invalid();
    this.#sizes(form);
    const isMemory = form.modrm && !form.modIgnored && this.#modrm < 0xc0;
    if (isMemory) this.#address();
    if (this.#lock && !(form.row.options.lock === true && isMemory)) return this.#invalid();
    if (this.#vvvv !== 0 && !form.vvvv) return this.#invalid();
    const operands = this.#operands(form, isMemory);
    return operands === undefined ? this.#invalid() : this.#finish(form.row, operands);
  }

  // ---- bytes ----

  #u8(): number {
    return this.#bytes[this.#pos++]! | 0;
  }
  #s8(): number {
    return (this.#u8() << 24) >> 24;
  }
  #u16(): number {
    return this.#u8() | (this.#u8() << 8);
  }
  #s16(): number {
    return (this.#u16() << 16) >> 16;
  }
  #i32(): number {
    return this.#u16() | (this.#u16() << 16);
  }

  // ---- prefixes and opcode ----

  /** Reads prefixes up to the first opcode byte. False when they alone are too long. */
  #prefixes(): boolean {
    const kinds = this.#long ? PREFIX_KIND_64 : PREFIX_KIND;
    this.#operandSizePrefix = false;
    this.#addressSizePrefix = false;
    this.#rex = 0;
    this.#rep = 0;
    this.#lock = false;
    this.#segment = -1;
    const end = this.#start + Math.min(this.#available, MAX_LENGTH);
    for (; this.#pos < end; this.#pos++) {
      const byte = this.#bytes[this.#pos]!;
      const kind = kinds[byte];
      if (kind === PREFIX.NONE) return true;
      if (kind === PREFIX.REX) {
        this.#rex = byte;
        continue;
      }
      this.#rex = 0;
      if (kind === PREFIX.SEGMENT) {
        const seg = SEGMENT_OF[byte]!;
        if (!this.#long || seg >= FS) this.#segment = seg;
      } else if (kind === PREFIX.OPERAND_SIZE) this.#operandSizePrefix = true;
      else if (kind === PREFIX.ADDRESS_SIZE) this.#addressSizePrefix = true;
      else if (kind === PREFIX.LOCK) this.#lock = true;
      else this.#rep = byte & 3;
    }
    this.#pos++;
    return false;
  }

  /** Index in `PREFIX_CLASSES` of the prefix that may choose a row. */
  #prefixClass(): number {
    if (this.#rep !== 0) return this.#rep === 3 ? 2 : 3;
    return this.#operandSizePrefix ? 1 : 0;
  }

  #opcodeAndModrm(): Form | undefined {
    this.#map = MAP_1;
    this.#prefix = this.#prefixClass();
    this.#opcode = this.#u8();
    if (this.#opcode === 0x0f) {
      this.#map = MAP_0F;
      this.#opcode = this.#u8();
      if (this.#opcode === 0x38 || this.#opcode === 0x3a) {
        this.#map = this.#opcode === 0x38 ? MAP_0F38 : MAP_0F3A;
        this.#opcode = this.#u8();
      }
    } else if (this.#opcode === 0x90 && (this.#rex & REX.B) !== 0) {
      this.#prefix = REX_B_CLASS;
    } else if ((this.#opcode & 0xfe) === 0xc4 && this.#isVex() && !this.#readVex()) {
      return undefined;
    }
    const real = (this.#mode & MODE.REAL) !== 0;
    const modeClass = (this.#mode & MODE.CODE) + (real ? 3 : 0);
    const entry = this.#tables.entry(modeClass, this.#map, this.#prefix, this.#opcode);
    if (!entry.modrm) return entry.forms[0];
    this.#modrm = this.#u8();
    return entry.forms[this.#modrm];
  }

  /** C4 and C5 are LES and LDS with a memory operand outside 64-bit mode (SDM 2A 2.3.5). */
  #isVex(): boolean {
    return this.#long || (this.#bytes[this.#pos]! & 0xc0) === 0xc0;
  }

  /** Reads a VEX prefix and the opcode behind it; false: #UD (SDM 2A 2.3). */
  #readVex(): boolean {
    const illegal = this.#operandSizePrefix || this.#rep !== 0 || this.#lock || this.#rex !== 0;
    if (illegal || (this.#mode & MODE.REAL) !== 0) return false;
    let first = this.#u8();
    let last = first;
    let map = 1;
    if (this.#opcode === 0xc4) {
      map = first & 0x1f;
      last = this.#u8();
    } else {
      first |= 0x60;
      last &= 0x7f;
    }
    if (map < 1 || map > 3 || (last & 4) !== 0) return false;
    this.#vvvv = (~last >> 3) & 15;
    if (this.#long) this.#rex = 0x40 | ((~first >> 5) & 7) | ((last >> 4) & REX.W);
    else this.#vvvv &= 7;
    this.#prefix = last & 3;
    this.#map = MAP_VEX0F + map - 1;
    this.#opcode = this.#u8();
    return true;
  }

  #sizes(form: Form): void {
    const code = this.#mode & MODE.CODE;
    if (this.#long) {
      this.#addressSize = this.#addressSizePrefix ? 4 : 8;
      this.#wide = form.d64 || (this.#rex & REX.W) !== 0;
      if (form.f64 || (this.#rex & REX.W) !== 0) this.#operandSize = 8;
      else this.#operandSize = this.#operandSizePrefix ? 2 : form.d64 ? 8 : 4;
      return;
    }
    this.#wide = false;
    this.#operandSize = this.#operandSizePrefix === (code === MODE.CODE_16) ? 4 : 2;
    this.#addressSize = this.#addressSizePrefix === (code === MODE.CODE_16) ? 4 : 2;
  }

  // ---- addresses ----

  #address(): void {
    this.#base = undefined;
    this.#index = undefined;
    this.#scale = 0;
    this.#disp = 0;
    this.#ripRelative = false;
    if (this.#addressSize === 2) this.#address16();
    else this.#address32();
  }

  #address16(): void {
    const mod = this.#modrm >> 6;
    const rm = this.#modrm & 7;
    if (mod === 0 && rm === 6) {
      this.#disp = this.#s16();
      return;
    }
    this.#base = BASE_16[rm];
    this.#index = INDEX_16[rm];
    if (mod === 1) this.#disp = this.#s8();
    else if (mod === 2) this.#disp = this.#s16();
  }

  #address32(): void {
    const mod = this.#modrm >> 6;
    let rm = this.#modrm & 7;
    if (rm === 4) {
      const sib = this.#u8();
      rm = sib & 7;
      const index = ((sib >> 3) & 7) | ((this.#rex & REX.X) << 2);
      if (index !== RSP) {
        this.#index = index;
        this.#scale = sib >> 6;
      }
      if (rm !== 5 || mod !== 0) this.#base = rm | ((this.#rex & REX.B) << 3);
    } else if (rm === 5 && mod === 0) {
      this.#ripRelative = this.#long;
    } else {
      this.#base = rm | ((this.#rex & REX.B) << 3);
    }
    if (mod === 1) this.#disp = this.#s8();
    else if (mod === 2 || this.#base === undefined) this.#disp = this.#i32();
  }

  /** A memory operand by ModRM, made when the instruction's end is known. */
  #memory(size: number): MemoryOperand {
    const base = this.#base;
    const stack = base === RSP || base === RBP;
    const seg = this.#segment >= 0 ? this.#segment : stack ? SS : DS;
    let disp = this.#disp;
    let dispHigh = disp >> 31;
    if (this.#ripRelative) {
      const low = (this.#nextLow() >>> 0) + (disp >>> 0);
      disp = low | 0;
      const carry = low > 0xffffffff ? 1 : 0;
      dispHigh = this.#addressSize === 8 ? (this.#nextHigh() + dispHigh + carry) | 0 : disp >> 31;
    }
    return { kind: 'mem', seg, base, index: this.#index, scale: this.#scale, disp, dispHigh, size };
  }

  #direct(seg: number, base: number | undefined, disp: number, dispHigh: number, size: number): MemoryOperand {
    return { kind: 'mem', seg, base, index: undefined, scale: 0, disp, dispHigh, size };
  }

  // ---- operands ----

  #operands(form: Form, isMemory: boolean): readonly Operand[] | undefined {
    const { specs } = form;
    const count = specs.length;
    if (count === 0) return NO_OPERANDS;
    const operands = new Array<Operand>(count);
    let memoryAt = -1;
    for (let i = 0; i < count; i++) {
      const spec = specs[i]!;
      if (spec.source === SOURCE.RM && isMemory) {
        memoryAt = i;
        continue;
      }
      const operand = this.#operand(spec, i);
      if (operand === undefined) return undefined;
      operands[i] = operand;
    }
    if (memoryAt >= 0) operands[memoryAt] = this.#memory(this.#bytesOf(specs[memoryAt]!.memorySize));
    return operands;
  }

  #bytesOf(size: number): number {
    return size < 100 ? size : bytesOf(size, this.#operandSize, this.#long, this.#wide);
  }

  #operand(spec: OperandSpec, position: number): Operand | undefined {
    switch (spec.source) {
      case SOURCE.REG:
        return this.#register(spec, ((this.#modrm >> 3) & 7) | ((this.#rex & REX.R) << 1), position);
      case SOURCE.RM:
      case SOURCE.RM_REGISTER:
        return this.#register(spec, (this.#modrm & 7) | ((this.#rex & REX.B) << 3), position);
      case SOURCE.VVVV:
        return this.#register(spec, this.#vvvv, position);
      case SOURCE.OPCODE:
        return this.#register(spec, (this.#opcode & 7) | ((this.#rex & REX.B) << 3), position);
      case SOURCE.FIXED:
        return spec.bank === 'gpr'
          ? GPR_OPERANDS[this.#bytesOf(spec.size)]![spec.fixed]
          : { kind: spec.bank, reg: spec.fixed, size: spec.size };
      case SOURCE.ONE:
        return { kind: 'imm', low: spec.fixed, high: 0, size: 1 };
      case SOURCE.IMMEDIATE:
      case SOURCE.IMMEDIATE_Z:
      case SOURCE.IMMEDIATE_BYTE:
        return this.#immediate(spec);
      case SOURCE.RELATIVE_BYTE:
        return this.#relative(this.#s8());
      case SOURCE.RELATIVE_Z:
        return this.#relative(this.#operandSize === 2 ? this.#s16() : this.#i32());
      case SOURCE.FAR: {
        const offset = this.#operandSize === 2 ? this.#u16() : this.#i32();
        return { kind: 'far', selector: this.#u16(), offset, size: this.#operandSize };
      }
      case SOURCE.OFFSET:
        return this.#offset(spec);
      case SOURCE.STRING_SOURCE:
        return this.#direct(this.#segment >= 0 ? this.#segment : DS, RSI, 0, 0, this.#bytesOf(spec.size));
      case SOURCE.STRING_DESTINATION:
        return this.#direct(ES, RDI, 0, 0, this.#bytesOf(spec.size));
      default:
        throw new Error(`operand code "${spec.code}" has no source`);
    }
  }

  #register(spec: OperandSpec, reg: number, position: number): Operand | undefined {
    if (spec.bank === 'gpr') {
      const size = this.#bytesOf(spec.size);
      if (size === 1 && this.#rex === 0 && reg >= 4) return HIGH_BYTES[reg - 4];
      return GPR_OPERANDS[size]![reg];
    }
    return this.#otherRegister(spec, reg, position);
  }

  #otherRegister(spec: OperandSpec, reg: number, position: number): OtherRegisterOperand | undefined {
    const number = OTHER_REGISTER[spec.bank as Exclude<Bank, 'gpr'>](reg, position);
    if (number < 0) return undefined;
    return { kind: spec.bank as Exclude<Bank, 'gpr'>, reg: number, size: this.#bytesOf(spec.size) };
  }

  #immediate(spec: OperandSpec): Operand {
    const size = this.#bytesOf(spec.size) as OperandSize;
    let low: number;
    let high: number | undefined;
    if (spec.source === SOURCE.IMMEDIATE_BYTE || size === 1) low = this.#s8();
    else if (size === 2) low = this.#s16();
    else {
      low = this.#i32();
      if (size === 8 && spec.source === SOURCE.IMMEDIATE) high = this.#i32();
    }
    high ??= low >> 31;
    if (size === 1) low &= 0xff;
    else if (size === 2) low &= 0xffff;
    return { kind: 'imm', low, high: size === 8 ? high : 0, size };
  }

  #relative(displacement: number): Operand {
    const low = (this.#nextLow() >>> 0) + (displacement >>> 0);
    const carry = low > 0xffffffff ? 1 : 0;
    this.#hasTarget = true;
    this.#targetLow = this.#operandSize === 2 ? low & 0xffff : low | 0;
    this.#targetHigh = this.#operandSize === 8 ? (this.#nextHigh() + (displacement >> 31) + carry) | 0 : 0;
    return { kind: 'rel', size: this.#operandSize };
  }

  #offset(spec: OperandSpec): Operand {
    const low = this.#addressSize === 2 ? this.#u16() : this.#i32();
    const high = this.#addressSize === 8 ? this.#i32() : 0;
    const seg = this.#segment >= 0 ? this.#segment : DS;
    return this.#direct(seg, undefined, low, high, this.#bytesOf(spec.size));
  }

  // ---- the result ----

  #nextLow(): number {
    return (this.#ipLow + (this.#pos - this.#start)) | 0;
  }
  #nextHigh(): number {
    const carry = this.#nextLow() >>> 0 < this.#ipLow >>> 0;
    return carry && this.#long ? (this.#ipHigh + 1) | 0 : this.#ipHigh;
  }

  #invalid(): Insn | 'truncated' {
    this.#sizes(NO_FORM);
    this.#hasTarget = false;
    return this.#finish(UD_ROW, NO_OPERANDS);
  }

  #finish(row: Row, operands: readonly Operand[]): Insn | 'truncated' {
    let length = this.#pos - this.#start;
    if (length > this.#available || length > MAX_LENGTH) {
      if (this.#available < MAX_LENGTH) return 'truncated';
      length = MAX_LENGTH;
      row = GP_ROW;
      operands = NO_OPERANDS;
      this.#hasTarget = false;
    }
    const next = [this.#nextLow(), this.#nextHigh()] as const;
    return {
      row,
      length,
      mode: this.#mode,
      operandSize: this.#operandSize,
      addressSize: this.#addressSize,
      rex: this.#rex,
      rep: REPEATS[this.#rep === 0 ? 0 : this.#rep - 1]!,
      lock: this.#lock,
      segOverride: this.#segment,
      operands,
      ip: [this.#ipLow, this.#ipHigh],
      next,
      target: this.#hasTarget ? [this.#targetLow, this.#targetHigh] : next,
      targetFaults: this.#hasTarget && this.#isOutside(this.#targetLow, this.#targetHigh),
    };
  }

  #isOutside(low: number, high: number): boolean {
    return this.#long ? (high << 16) >> 16 !== high : low >>> 0 > this.#codeLimit >>> 0;
  }
}

const NO_FORM = { d64: false, f64: false } as Form;
