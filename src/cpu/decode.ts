import { AddressReader } from './address-reader.ts';
import type { Insn, Operand, OperandSize, OtherRegisterOperand } from './insn.ts';
import { GP_ROW, OPCODE_ROWS, UD_ROW } from './isa/index.ts';
import { type Form, OpcodeTables } from './isa/lookup.ts';
import type { Row } from './isa/row.ts';
import { MAX_LENGTH } from './opcode-reader.ts';
import { type Bank, bytesOf, type OperandSpec, SOURCE } from './operands.ts';
import { REX } from './prefixes.ts';
import { GPR_OPERANDS, HIGH_BYTES, OTHER_REGISTER } from './register-operands.ts';
import { DS, ES, RDI, RSI } from './state.ts';

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

/** Makes operands of what the readers find. One object serves all instructions, so nothing but the result is allocated. */
class Decoder extends AddressReader {
  #codeLimit = 0;
  #targetLow = 0;
  #targetHigh = 0;
  #hasTarget = false;

  decode(
    bytes: Uint8Array,
    at: number,
    available: number,
    mode: number,
    ipLow: number,
    ipHigh: number,
    codeLimit: number,
  ): Insn | 'truncated' {
    this.begin(bytes, at, available, mode, ipLow, ipHigh);
    this.#codeLimit = codeLimit;
    this.#hasTarget = false;
    if (!this.prefixes()) return this.#invalid();
    const form = this.opcodeAndModrm();
    if (form === undefined) return this.#invalid();
    this.sizes(form);
    const isMemory = form.modrm && !form.modIgnored && this.modrm < 0xc0;
    if (isMemory) this.address();
    if (this.lock && !(form.row.options.lock === true && isMemory)) return this.#invalid();
    if (this.vvvv !== 0 && !form.vvvv) return this.#invalid();
    const operands = this.#operands(form, isMemory);
    return operands === undefined ? this.#invalid() : this.#finish(form.row, operands);
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
    if (memoryAt >= 0) operands[memoryAt] = this.memory(this.#bytesOf(specs[memoryAt]!.memorySize));
    return operands;
  }

  #bytesOf(size: number): number {
    return size < 100 ? size : bytesOf(size, this.operandSize, this.long, this.wide);
  }

  #operand(spec: OperandSpec, position: number): Operand | undefined {
    switch (spec.source) {
      case SOURCE.REG:
        return this.#register(spec, ((this.modrm >> 3) & 7) | ((this.rex & REX.R) << 1), position);
      case SOURCE.RM:
      case SOURCE.RM_REGISTER:
        return this.#register(spec, (this.modrm & 7) | ((this.rex & REX.B) << 3), position);
      case SOURCE.VVVV:
        return this.#register(spec, this.vvvv, position);
      case SOURCE.OPCODE:
        return this.#register(spec, (this.opcode & 7) | ((this.rex & REX.B) << 3), position);
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
        return this.#relative(this.s8());
      case SOURCE.RELATIVE_Z:
        return this.#relative(this.operandSize === 2 ? this.s16() : this.i32());
      case SOURCE.FAR: {
        const offset = this.operandSize === 2 ? this.u16() : this.i32();
        return { kind: 'far', selector: this.u16(), offset, size: this.operandSize };
      }
      case SOURCE.OFFSET:
        return this.#offset(spec);
      case SOURCE.STRING_SOURCE:
        return this.direct(this.segment >= 0 ? this.segment : DS, RSI, 0, 0, this.#bytesOf(spec.size));
      case SOURCE.STRING_DESTINATION:
        return this.direct(ES, RDI, 0, 0, this.#bytesOf(spec.size));
      default:
        throw new Error(`operand code "${spec.code}" has no source`);
    }
  }

  #register(spec: OperandSpec, reg: number, position: number): Operand | undefined {
    if (spec.bank === 'gpr') {
      const size = this.#bytesOf(spec.size);
      if (size === 1 && this.rex === 0 && reg >= 4) return HIGH_BYTES[reg - 4];
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
    if (spec.source === SOURCE.IMMEDIATE_BYTE || size === 1) low = this.s8();
    else if (size === 2) low = this.s16();
    else {
      low = this.i32();
      if (size === 8 && spec.source === SOURCE.IMMEDIATE) high = this.i32();
    }
    high ??= low >> 31;
    if (size === 1) low &= 0xff;
    else if (size === 2) low &= 0xffff;
    return { kind: 'imm', low, high: size === 8 ? high : 0, size };
  }

  #relative(displacement: number): Operand {
    const low = (this.nextLow() >>> 0) + (displacement >>> 0);
    const carry = low > 0xffffffff ? 1 : 0;
    this.#hasTarget = true;
    this.#targetLow = this.operandSize === 2 ? low & 0xffff : low | 0;
    this.#targetHigh = this.operandSize === 8 ? (this.nextHigh() + (displacement >> 31) + carry) | 0 : 0;
    return { kind: 'rel', size: this.operandSize };
  }

  #offset(spec: OperandSpec): Operand {
    const low = this.addressSize === 2 ? this.u16() : this.i32();
    const high = this.addressSize === 8 ? this.i32() : 0;
    const seg = this.segment >= 0 ? this.segment : DS;
    return this.direct(seg, undefined, low, high, this.#bytesOf(spec.size));
  }

  // ---- the result ----

  #invalid(): Insn | 'truncated' {
    this.sizes(NO_FORM);
    this.#hasTarget = false;
    return this.#finish(UD_ROW, NO_OPERANDS);
  }

  #finish(row: Row, operands: readonly Operand[]): Insn | 'truncated' {
    let length = this.pos - this.start;
    if (length > this.available || length > MAX_LENGTH) {
      if (this.available < MAX_LENGTH) return 'truncated';
      length = MAX_LENGTH;
      row = GP_ROW;
      operands = NO_OPERANDS;
      this.#hasTarget = false;
    }
    const next = [this.nextLow(), this.nextHigh()] as const;
    return {
      row,
      length,
      mode: this.mode,
      operandSize: this.operandSize,
      addressSize: this.addressSize,
      rex: this.rex,
      rep: REPEATS[this.rep === 0 ? 0 : this.rep - 1]!,
      lock: this.lock,
      segOverride: this.segment,
      operands,
      ip: [this.ipLow, this.ipHigh],
      next,
      target: this.#hasTarget ? [this.#targetLow, this.#targetHigh] : next,
      targetFaults: this.#hasTarget && this.#isOutside(this.#targetLow, this.#targetHigh),
    };
  }

  #isOutside(low: number, high: number): boolean {
    return this.long ? (high << 16) >> 16 !== high : low >>> 0 > this.#codeLimit >>> 0;
  }
}

const NO_FORM = { d64: false, f64: false } as Form;
