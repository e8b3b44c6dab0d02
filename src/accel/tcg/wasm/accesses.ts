import type { ValueId } from '../../../cpu/ir/block.ts';
import { MODE } from '../../../cpu/mode.ts';
import { HINT, I32, I64, MEMORY, OP } from './code.ts';
import type { Near } from './lookups.ts';
import type { Region } from './wasm-printer.ts';

/** Prints where in RAM the accesses of an instruction are. */
export class Accesses {
  readonly #region: Region;
  readonly #push: (value: ValueId) => void;
  readonly #read: number;
  readonly #write: number;

  /** `push` prints a value of the instruction. */
  constructor(region: Region, mode: number, push: (value: ValueId) => void) {
    this.#region = region;
    this.#push = push;
    const { tlb } = region.frame.layout;
    const user = (mode & MODE.USER) !== 0;
    this.#read = user ? tlb.ur : tlb.kr;
    this.#write = user ? tlb.uw : tlb.kw;
  }

  /** Gives a local with the offset in RAM; without one the interpreter runs the instruction. */
  locate(address: ValueId, width: number, write: boolean): number {
    const { lookups, passes, frame } = this.#region;
    const near = passes['shared-lookups'] ? lookups.near(address, width, write) : undefined;
    if (near !== undefined) return this.#besides(near, address, width, write);
    const offset = lookups.remember(address, width, write) ?? frame.borrow(I32);
    this.#lookUp(address, width, write, offset);
    return offset;
  }

  /** As `locate`, next to an access whose offset is known: it is looked up where it lies in another page. */
  #besides({ local, by, inside }: Near, address: ValueId, width: number, write: boolean): number {
    const { code, frame } = this.#region;
    if (by === 0 && inside) return local;
    const offset = frame.borrow(I32);
    code.get(local);
    code.i32(by);
    code.op(OP.i32_add);
    code.set(offset);
    if (inside) return offset;
    code.get(local);
    code.i32(0xfff);
    code.op(OP.i32_and);
    code.i32(by);
    code.op(OP.i32_add);
    code.i32(4096 - width);
    code.op(OP.i32_gt_u);
    code.if(HINT.UNLIKELY);
    this.#region.nest(1);
    this.#lookUp(address, width, write, offset);
    code.op(OP.end);
    this.#region.nest(-1);
    return offset;
  }

  /** Leaves the offset in RAM of an address in a local. */
  #lookUp(address: ValueId, width: number, write: boolean, offset: number): void {
    const { code, frame } = this.#region;
    const at = frame.borrow(I64);
    this.#push(address);
    code.tee(at);
    code.op(OP.i32_wrap_i64);
    code.i32(9);
    code.op(OP.i32_shr_u);
    code.i32(0x7ffff8);
    code.op(OP.i32_and);
    code.memory(MEMORY.i64_load, write ? this.#write : this.#read);
    code.get(at);
    code.op(OP.i64_xor);
    code.tee(at);
    // Without the bits that may be anything: whether it is an offset at all, and the last byte lies in the same page.
    code.i64(0x80000fff | 0, -1);
    code.op(OP.i64_and);
    code.i64(4096 - width, 0);
    code.op(OP.i64_gt_u);
    code.brIf(this.#region.missDepth(), HINT.UNLIKELY);
    code.get(at);
    code.op(OP.i32_wrap_i64);
    code.set(offset);
  }
}
