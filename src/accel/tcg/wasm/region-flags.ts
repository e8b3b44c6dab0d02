import { KIND } from '../../../cpu/flags.ts';
import { FLAG, W } from '../../../cpu/state.ts';
import { type FlagKnowledge, withCarries } from '../jit/flag-state.ts';
import { MEMORY, OP, type WasmCode } from './code.ts';
import { type FlagParts, FlagPrinter, isKnown } from './flags.ts';
import type { Frame } from './frame.ts';
import type { Region } from './wasm-printer.ts';

/** The arithmetic flags at a point of a region: locals hold what they follow from, and what operation set them. */
export class RegionFlags {
  readonly #region: Region;
  /** What is known of them here. */
  known: FlagKnowledge;

  constructor(known: FlagKnowledge, region: Region) {
    this.known = known;
    this.#region = region;
  }

  /** The locals have got the parts of an operation of this kind. */
  are(kind: number): void {
    const { code, frame } = this.#region;
    this.known = kind;
    code.i32(kind);
    code.set(frame.fk);
  }

  /** Pushes condition code `cc` as 0 or 1. */
  condition(cc: number): void {
    this.#printer().condition(cc);
  }

  /** Pushes those of OF SF ZF AF PF CF that `mask` has, as RFLAGS bits. */
  some(mask: number): void {
    this.#printer().some(mask);
  }

  /** OF, AF and CF become the bits that `push` pushes. */
  putCarries(push: () => void): void {
    const { code, frame } = this.#region;
    const kind = this.#kind();
    const after = withCarries(kind);
    if (after === KIND.EXPLICIT) this.some(FLAG.ARITH & ~FLAG.CARRIES);
    else if (resultFollows(kind)) {
      this.#parts(kind).r();
      if ((kind & 3) !== 3) code.op(OP.i64_extend_i32_s);
      code.set(frame.fr);
    }
    push();
    if (after === KIND.EXPLICIT) code.op(OP.i32_or);
    code.op(OP.i64_extend_i32_u);
    code.set(frame.fa);
    this.are(after);
  }

  #printer(): FlagPrinter {
    const kind = this.#kind();
    return new FlagPrinter(this.#region.code, kind, this.#parts(kind));
  }

  /** What flags of a kind follow from. */
  #parts(kind: number): FlagParts {
    const { code, frame } = this.#region;
    const wide = (kind & 3) === 3;
    const push = (local: number) => (): void => {
      code.get(local);
      if (!wide) code.op(OP.i32_wrap_i64);
    };
    const [a, b] = [push(frame.fa), push(frame.fb)];
    const r = !resultFollows(kind)
      ? push(frame.fr)
      : (): void => {
          a();
          b();
          const subtract = (kind & ~3) === KIND.SUB;
          code.op(subtract ? (wide ? OP.i64_sub : OP.i32_sub) : wide ? OP.i64_add : OP.i32_add);
          if ((kind & 3) === 0) code.op(OP.i32_extend8_s);
          if ((kind & 3) === 1) code.op(OP.i32_extend16_s);
        };
    return { a, b, r };
  }

  /** The kind of the flags. Where it is not known, they become bits. */
  #kind(): number {
    const { known } = this;
    const { code, frame, calls, passes } = this.#region;
    if (passes['known-flags'] && typeof known === 'number' && isKnown(known)) return known;
    if (known !== 'kept') keepFlags(code, frame);
    calls.call(code, 'flagsOf', { params: 0, result: true });
    code.op(OP.i64_extend_i32_u);
    code.set(frame.fa);
    this.are(KIND.EXPLICIT);
    return KIND.EXPLICIT;
  }
}

/** Addition and subtraction: the result follows from the operands, and is not kept. */
export const resultFollows = (kind: number): boolean => (kind & ~3) === KIND.SUB || (kind & ~3) === KIND.ADD;

/** Stores the flags in the state, unless they are there. */
export function keepFlags(
  code: WasmCode,
  { fk, fr, fa, fb, layout }: Pick<Frame, 'fk' | 'fr' | 'fa' | 'fb' | 'layout'>,
): void {
  const at = (word: number): number => layout.state + 4 * word;
  const isGroup = (kind: number): void => {
    code.get(fk);
    code.i32(~3);
    code.op(OP.i32_and);
    code.i32(kind);
    code.op(OP.i32_eq);
  };
  const follows = (op: number): void => {
    code.get(fa);
    code.get(fb);
    code.op(op);
    code.set(fr);
  };
  // Bits that the operand's size leaves unused.
  const unused = (): void => {
    code.i64(64, 0);
    code.i64(8, 0);
    code.get(fk);
    code.i32(3);
    code.op(OP.i32_and);
    code.op(OP.i64_extend_i32_u);
    code.op(OP.i64_shl);
    code.op(OP.i64_sub);
  };
  code.get(fk);
  code.i32(0);
  code.op(OP.i32_ge_s);
  code.if();
  code.i32(0);
  code.get(fk);
  code.memory(MEMORY.i32_store, at(W.flagKind));
  for (const [local, word] of [
    [fa, W.flagA],
    [fb, W.flagB],
  ] as const) {
    code.i32(0);
    code.get(local);
    code.memory(MEMORY.i64_store, at(word));
  }
  isGroup(KIND.SUB);
  code.if();
  follows(OP.i64_sub);
  code.op(OP.else);
  isGroup(KIND.ADD);
  code.if();
  follows(OP.i64_add);
  code.op(OP.end);
  code.op(OP.end);
  code.i32(0);
  code.get(fr);
  unused();
  code.op(OP.i64_shl);
  unused();
  code.op(OP.i64_shr_s);
  code.memory(MEMORY.i64_store, at(W.flagRes));
  code.op(OP.end);
}
