import type { MemoryOperand } from './insn.ts';
import { OpcodeReader } from './opcode-reader.ts';
import { REX } from './prefixes.ts';
import { DS, RBP, RBX, RDI, RSI, RSP, SS } from './state.ts';

/** 16-bit addressing (SDM 2A table 2-1). */
const BASE_16 = [RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX];
const INDEX_16 = [RSI, RDI, RSI, RDI, undefined, undefined, undefined, undefined];

/** Reads the address that a ModR/M byte stands for: SIB byte and displacement (SDM 2A 2.1.5). */
export class AddressReader extends OpcodeReader {
  #base: number | undefined = undefined;
  #index: number | undefined = undefined;
  #scale = 0;
  #disp = 0;
  #ripRelative = false;

  protected address(): void {
    this.#base = undefined;
    this.#index = undefined;
    this.#scale = 0;
    this.#disp = 0;
    this.#ripRelative = false;
    if (this.addressSize === 2) this.#address16();
    else this.#address32();
  }

  #address16(): void {
    const mod = this.modrm >> 6;
    const rm = this.modrm & 7;
    if (mod === 0 && rm === 6) {
      this.#disp = this.s16();
      return;
    }
    this.#base = BASE_16[rm];
    this.#index = INDEX_16[rm];
    if (mod === 1) this.#disp = this.s8();
    else if (mod === 2) this.#disp = this.s16();
  }

  #address32(): void {
    const mod = this.modrm >> 6;
    let rm = this.modrm & 7;
    if (rm === 4) {
      const sib = this.u8();
      rm = sib & 7;
      const index = ((sib >> 3) & 7) | ((this.rex & REX.X) << 2);
      if (index !== RSP) {
        this.#index = index;
        this.#scale = sib >> 6;
      }
      if (rm !== 5 || mod !== 0) this.#base = rm | ((this.rex & REX.B) << 3);
    } else if (rm === 5 && mod === 0) {
      this.#ripRelative = this.long;
    } else {
      this.#base = rm | ((this.rex & REX.B) << 3);
    }
    if (mod === 1) this.#disp = this.s8();
    else if (mod === 2 || this.#base === undefined) this.#disp = this.i32();
  }

  /** A memory operand by ModRM, made when the instruction's end is known. */
  protected memory(size: number): MemoryOperand {
    const base = this.#base;
    const stack = base === RSP || base === RBP;
    const seg = this.segment >= 0 ? this.segment : stack ? SS : DS;
    let disp = this.#disp;
    let dispHigh = disp >> 31;
    if (this.#ripRelative) {
      const low = (this.nextLow() >>> 0) + (disp >>> 0);
      disp = low | 0;
      const carry = low > 0xffffffff ? 1 : 0;
      dispHigh = this.addressSize === 8 ? (this.nextHigh() + dispHigh + carry) | 0 : disp >> 31;
    }
    const relative = this.#ripRelative && this.addressSize === 8;
    return { kind: 'mem', seg, base, index: this.#index, scale: this.#scale, disp, dispHigh, relative, size };
  }

  protected direct(seg: number, base: number | undefined, disp: number, dispHigh: number, size: number): MemoryOperand {
    return { kind: 'mem', seg, base, index: undefined, scale: 0, disp, dispHigh, relative: false, size };
  }
}
