import { type Form, type OpcodeTables, REX_B_CLASS } from './isa/lookup.ts';
import { MAPS } from './isa/row.ts';
import { MODE } from './mode.ts';
import { PREFIX, PREFIX_KIND, PREFIX_KIND_64, REX, SEGMENT_OF } from './prefixes.ts';
import { FS } from './state.ts';

export const MAX_LENGTH = 15;
const [MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX0F] = MAPS.map((_, index) => index) as [
  number,
  number,
  number,
  number,
  number,
];

/**
 * Takes prefixes, opcode and ModR/M byte of one instruction apart. One object serves all instructions: its fields say
 * what was found.
 */
export class OpcodeReader {
  protected start = 0;
  protected pos = 0;
  protected available = 0;
  protected mode = 0;
  protected ipLow = 0;
  protected ipHigh = 0;

  protected long = false;
  protected rex = 0;
  /** 0, or the low two bits of the last repeat prefix. */
  protected rep = 0;
  protected lock = false;
  /** Segment override, or -1. */
  protected segment = -1;
  /** Register of a VEX prefix, 0 without one. */
  protected vvvv = 0;

  protected opcode = 0;
  protected modrm = 0;
  protected operandSize: 2 | 4 | 8 = 4;
  protected addressSize: 2 | 4 | 8 = 4;
  protected wide = false;
  readonly #tables: OpcodeTables;
  #bytes: Uint8Array = new Uint8Array(0);
  #operandSizePrefix = false;
  #addressSizePrefix = false;
  #map = MAP_1;
  #prefix = 0;

  constructor(tables: OpcodeTables) {
    this.#tables = tables;
  }

  /** The instruction at `bytes[at]`, of which `available` bytes may be looked at. */
  protected begin(bytes: Uint8Array, at: number, available: number, mode: number, ipLow: number, ipHigh: number): void {
    this.#bytes = bytes;
    this.start = at;
    this.pos = at;
    this.available = available;
    this.mode = mode;
    this.ipLow = ipLow;
    this.ipHigh = ipHigh;
    this.long = (mode & MODE.CODE) === MODE.CODE_64;
    this.vvvv = 0;
  }

  // ---- bytes ----

  protected u8(): number {
    return this.#bytes[this.pos++]! | 0;
  }
  protected s8(): number {
    return (this.u8() << 24) >> 24;
  }
  protected u16(): number {
    return this.u8() | (this.u8() << 8);
  }
  protected s16(): number {
    return (this.u16() << 16) >> 16;
  }
  protected i32(): number {
    return this.u16() | (this.u16() << 16);
  }

  // ---- prefixes and opcode ----

  /** Reads prefixes up to the first opcode byte. False when they alone are too long. */
  protected prefixes(): boolean {
    const kinds = this.long ? PREFIX_KIND_64 : PREFIX_KIND;
    this.#operandSizePrefix = false;
    this.#addressSizePrefix = false;
    this.rex = 0;
    this.rep = 0;
    this.lock = false;
    this.segment = -1;
    const end = this.start + Math.min(this.available, MAX_LENGTH);
    for (; this.pos < end; this.pos++) {
      const byte = this.#bytes[this.pos]!;
      const kind = kinds[byte];
      if (kind === PREFIX.NONE) return true;
      if (kind === PREFIX.REX) {
        this.rex = byte;
        continue;
      }
      this.rex = 0;
      if (kind === PREFIX.SEGMENT) {
        const seg = SEGMENT_OF[byte]!;
        if (!this.long || seg >= FS) this.segment = seg;
      } else if (kind === PREFIX.OPERAND_SIZE) this.#operandSizePrefix = true;
      else if (kind === PREFIX.ADDRESS_SIZE) this.#addressSizePrefix = true;
      else if (kind === PREFIX.LOCK) this.lock = true;
      else this.rep = byte & 3;
    }
    this.pos++;
    return false;
  }

  /** Index in `PREFIX_CLASSES` of the prefix that may choose a row. */
  #prefixClass(): number {
    if (this.rep !== 0) return this.rep === 3 ? 2 : 3;
    return this.#operandSizePrefix ? 1 : 0;
  }

  protected opcodeAndModrm(): Form | undefined {
    this.#map = MAP_1;
    this.#prefix = this.#prefixClass();
    this.opcode = this.u8();
    if (this.opcode === 0x0f) {
      this.#map = MAP_0F;
      this.opcode = this.u8();
      if (this.opcode === 0x38 || this.opcode === 0x3a) {
        this.#map = this.opcode === 0x38 ? MAP_0F38 : MAP_0F3A;
        this.opcode = this.u8();
      }
    } else if (this.opcode === 0x90 && (this.rex & REX.B) !== 0) {
      this.#prefix = REX_B_CLASS;
    } else if ((this.opcode & 0xfe) === 0xc4 && this.#isVex() && !this.#readVex()) {
      return undefined;
    }
    const real = (this.mode & MODE.REAL) !== 0;
    const modeClass = (this.mode & MODE.CODE) + (real ? 3 : 0);
    const entry = this.#tables.entry(modeClass, this.#map, this.#prefix, this.opcode);
    if (!entry.modrm) return entry.forms[0];
    this.modrm = this.u8();
    return entry.forms[this.modrm];
  }

  /** C4 and C5 are LES and LDS with a memory operand outside 64-bit mode (SDM 2A 2.3.5). */
  #isVex(): boolean {
    return this.long || (this.#bytes[this.pos]! & 0xc0) === 0xc0;
  }

  /** Reads a VEX prefix and the opcode behind it; false: #UD (SDM 2A 2.3). */
  #readVex(): boolean {
    const illegal = this.#operandSizePrefix || this.rep !== 0 || this.lock || this.rex !== 0;
    if (illegal || (this.mode & MODE.REAL) !== 0) return false;
    let first = this.u8();
    let last = first;
    let map = 1;
    if (this.opcode === 0xc4) {
      map = first & 0x1f;
      last = this.u8();
    } else {
      first |= 0x60;
      last &= 0x7f;
    }
    if (map < 1 || map > 3 || (last & 4) !== 0) return false;
    this.vvvv = (~last >> 3) & 15;
    if (this.long) this.rex = 0x40 | ((~first >> 5) & 7) | ((last >> 4) & REX.W);
    else this.vvvv &= 7;
    this.#prefix = last & 3;
    this.#map = MAP_VEX0F + map - 1;
    this.opcode = this.u8();
    return true;
  }

  protected sizes(form: Form): void {
    const code = this.mode & MODE.CODE;
    if (this.long) {
      this.addressSize = this.#addressSizePrefix ? 4 : 8;
      this.wide = form.d64 || (this.rex & REX.W) !== 0;
      if (form.f64 || (this.rex & REX.W) !== 0) this.operandSize = 8;
      else this.operandSize = this.#operandSizePrefix ? 2 : form.d64 ? 8 : 4;
      return;
    }
    this.wide = false;
    this.operandSize = this.#operandSizePrefix === (code === MODE.CODE_16) ? 4 : 2;
    this.addressSize = this.#addressSizePrefix === (code === MODE.CODE_16) ? 4 : 2;
  }

  // ---- where it ends ----

  protected nextLow(): number {
    return (this.ipLow + (this.pos - this.start)) | 0;
  }
  protected nextHigh(): number {
    const carry = this.nextLow() >>> 0 < this.ipLow >>> 0;
    return carry && this.long ? (this.ipHigh + 1) | 0 : this.ipHigh;
  }
}
