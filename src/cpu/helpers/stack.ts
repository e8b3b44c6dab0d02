import type { CpuContext } from '../context.ts';
import { raise, VECTOR } from '../fault.ts';
import { AR, RSP, SS, W } from '../state.ts';
import { attributesOf, baseOf, is64Bit, isCanonical, isReal, limitOf, withinLimit } from './descriptors.ts';

const SP = W.gpr + 2 * RSP;

/**
 * A stack in use by a transfer that may still fault: pushes and pops move only this object's pointer until
 * `commit`. `low` and `high` are the stack pointer.
 */
export class Stack {
  low: number;
  high: number;
  readonly #cpu: CpuContext;
  readonly #long: boolean;
  /** Bits of the pointer that move: 0xFFFF for 16-bit stacks. */
  readonly #mask: number;
  readonly #base: number;
  readonly #limit: number;
  readonly #attributes: number;
  readonly #user: boolean;
  readonly #errorCode: number;

  private constructor(
    cpu: CpuContext,
    low: number,
    high: number,
    long: boolean,
    base: number,
    limit: number,
    attributes: number,
    user: boolean,
    errorCode: number,
  ) {
    this.#cpu = cpu;
    this.low = low;
    this.high = high;
    this.#long = long;
    this.#mask = long || (attributes & AR.DB) !== 0 ? -1 : 0xffff;
    this.#base = base;
    this.#limit = limit;
    this.#attributes = attributes;
    this.#user = user;
    this.#errorCode = errorCode;
  }

  /** The stack that SS:RSP name now. `errorCode` goes with #SS. */
  static current(cpu: CpuContext, errorCode = 0): Stack {
    const { w } = cpu;
    const base = w[W.base + 2 * SS]!;
    const attributes = w[W.attributes + SS]!;
    const long = is64Bit(w);
    return new Stack(cpu, w[SP]!, w[SP + 1]!, long, base, w[W.limit + SS]!, attributes, w[W.cpl] === 3, errorCode);
  }

  /** A stack described by an SS descriptor's two words, used at `cpl`. */
  static legacy(
    cpu: CpuContext,
    ssLow: number,
    ssHigh: number,
    pointer: number,
    cpl: number,
    errorCode: number,
  ): Stack {
    const base = baseOf(ssLow, ssHigh);
    const limit = limitOf(ssLow, ssHigh);
    return new Stack(cpu, pointer, 0, false, base, limit, attributesOf(ssHigh), cpl === 3, errorCode);
  }

  /** A 64-bit stack used at `cpl`. */
  static long(cpu: CpuContext, low: number, high: number, cpl: number, errorCode: number): Stack {
    return new Stack(cpu, low, high, true, 0, -1, 0, cpl === 3, errorCode);
  }

  push(size: 2 | 4 | 8, low: number, high = 0): void {
    const { memory } = this.#cpu;
    this.skip(-size);
    const user = this.#user;
    const at = this.#linear(0, size, true);
    const atHigh = this.#long ? this.high : 0;
    if (size === 8) memory.write64(at, atHigh, low, high, user);
    else if (size === 4) memory.write32(at, atHigh, low, user);
    else memory.write16(at, atHigh, low & 0xffff, user);
  }

  /** Pops an item: zero-extended to 32 bits; the high half of an 8-byte one goes to W.hi (else 0). */
  pop(size: 2 | 4 | 8): number {
    const value = this.peek(0, size);
    this.skip(size);
    return value;
  }

  /** Reads an item `offset` bytes above the pointer. */
  peek(offset: number, size: 2 | 4 | 8): number {
    const { memory, w } = this.#cpu;
    const at = this.#linear(offset, size, false);
    let atHigh = 0;
    if (this.#long) {
      atHigh = (this.high + (at >>> 0 < this.low >>> 0 ? 1 : 0)) | 0;
      if (!isCanonical(atHigh)) raise(VECTOR.SS, this.#errorCode);
    }
    if (size === 8) return memory.read64(at, atHigh, this.#user);
    w[W.hi] = 0;
    return size === 4 ? memory.read32(at, atHigh, this.#user) : memory.read16(at, atHigh, this.#user);
  }

  /** Moves the pointer. */
  skip(bytes: number): void {
    const moved = (this.low + bytes) | 0;
    if (this.#long) {
      if (bytes < 0) this.high = (this.high - (moved >>> 0 > this.low >>> 0 ? 1 : 0)) | 0;
      else this.high = (this.high + (moved >>> 0 < this.low >>> 0 ? 1 : 0)) | 0;
    }
    this.low = (moved & this.#mask) | (this.low & ~this.#mask);
  }

  /** Writes the pointer to SP, ESP or RSP. */
  commit(): void {
    const { w } = this.#cpu;
    w[SP] = this.low;
    if (this.#long) w[SP + 1] = this.high;
    else if (this.#mask === -1) w[SP + 1] = 0;
  }

  #linear(offset: number, size: number, write: boolean): number {
    if (this.#long) {
      if (!isCanonical(this.high)) raise(VECTOR.SS, this.#errorCode);
      return (this.low + offset) | 0;
    }
    const at = (this.low + offset) & this.#mask;
    const attributes = this.#attributes;
    const wrongType = write && (attributes & (AR.CODE | AR.WRITABLE)) !== AR.WRITABLE && !isReal(this.#cpu.w);
    if (wrongType || (attributes & AR.UNUSABLE) !== 0 || !withinLimit(attributes, this.#limit, at, size)) {
      raise(VECTOR.SS, this.#errorCode);
    }
    return (this.#base + at) | 0;
  }
}
