import { KIND } from '../../../cpu/flags.ts';
import type { Inst, IrBuilder, Known, Slot } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import { JsPrinter } from '../emit-js.ts';
import { conditionText } from './flag-text.ts';

/** What is known of the lazy flags at a point: the kind of the operation that set them, or nothing. */
export type FlagKnowledge = number | 'unknown';

/** Facts about a region that its instructions' printers share. */
export interface RegionLocals {
  /** Words of general-purpose registers that are kept in locals, and those that are written. */
  readonly read: Set<number>;
  readonly written: Set<number>;
  flagsWritten: boolean;
}

const GPR_WORDS = 32;
export const gprName = (word: number): string => `g${word}`;

/** Copies between the flag locals and the state. */
export const FLAG_LOCALS: readonly (readonly [name: string, word: number])[] = [
  ['fk', W.flagKind],
  ['fr', W.flagRes],
  ['frh', W.flagRes + 1],
  ['fa', W.flagA],
  ['fah', W.flagA + 1],
  ['fb', W.flagB],
  ['fbh', W.flagB + 1],
];

/** The flags after an instruction, given what was known before it. */
export function flagsAfter(ir: IrBuilder, before: FlagKnowledge): FlagKnowledge {
  let now = before;
  const atIf: FlagKnowledge[] = [];
  const afterThen: (FlagKnowledge | undefined)[] = [];
  for (const inst of ir.insts) {
    if (inst.op === 'setFlags') now = inst.kind;
    else if (inst.op === 'putFlags') now = KIND.EXPLICIT;
    else if (inst.op === 'if') {
      atIf.push(now);
      afterThen.push(undefined);
    } else if (inst.op === 'else') {
      afterThen[afterThen.length - 1] = now;
      now = atIf[atIf.length - 1]!;
    } else if (inst.op === 'end') {
      const other = afterThen.pop() ?? atIf[atIf.length - 1]!;
      atIf.pop();
      if (other !== now) now = 'unknown';
    }
  }
  return now;
}

/** Prints one instruction of a region: registers and flags are locals, faults know their instruction. */
export class RegionPrinter extends JsPrinter {
  readonly #locals: RegionLocals;
  readonly #node: number;
  #flags: FlagKnowledge;
  #marked = false;
  #depth = 0;
  readonly #arms: { before: FlagKnowledge; then: FlagKnowledge | undefined }[] = [];

  constructor(ir: IrBuilder, mode: number, node: number, flags: FlagKnowledge, locals: RegionLocals) {
    super(ir, mode, `n${node}_`);
    this.#node = node;
    this.#flags = flags;
    this.#locals = locals;
  }

  get flags(): FlagKnowledge {
    return this.#flags;
  }

  protected override word(slot: Slot, more: 0 | 1): string {
    const word = slot.word + more;
    if (slot.param !== null || word >= GPR_WORDS) return super.word(slot, more);
    this.#locals.read.add(word);
    return gprName(word);
  }

  protected override place(slot: Slot, more: 0 | 1): string {
    const word = slot.word + more;
    if (slot.param !== null || word >= GPR_WORDS) return super.place(slot, more);
    this.#locals.read.add(word);
    this.#locals.written.add(word);
    return gprName(word);
  }

  protected override slowRead(width: number, forWrite: boolean): string {
    return forWrite ? `jrd${width * 8}` : `rd${width * 8}`;
  }

  protected override slowWrite(width: number, after: boolean): string {
    return after ? `wr${width * 8}` : `jwr${width * 8}`;
  }

  protected override mayFault(): void {
    // Inside an arm the mark would not be seen by the code behind it.
    if (this.#marked) return;
    if (this.#depth === 0) this.#marked = true;
    this.lines.push(`pc = ${this.#node};`);
  }

  protected override armChanged(mark: 'if' | 'else' | 'end'): void {
    if (mark === 'if') {
      this.#depth++;
      this.#arms.push({ before: this.#flags, then: undefined });
    } else if (mark === 'else') {
      const arm = this.#arms[this.#arms.length - 1]!;
      arm.then = this.#flags;
      this.#flags = arm.before;
    } else {
      this.#depth--;
      const arm = this.#arms.pop()!;
      if ((arm.then ?? arm.before) !== this.#flags) this.#flags = 'unknown';
    }
  }

  protected override setFlags(inst: Inst & { op: 'setFlags' }): void {
    const wide = (inst.kind & 3) === 3;
    const parts = [`fk = ${inst.kind}`, `fr = ${this.low(inst.result)}`];
    parts.push(`frh = ${wide ? this.high(inst.result) : `${this.low(inst.result)} >> 31`}`);
    for (const [value, name] of [
      [inst.a, 'fa'],
      [inst.b, 'fb'],
    ] as const) {
      if (value === null) continue;
      parts.push(`${name} = ${this.low(value)}`);
      if (wide && this.ir.typeOf(value) === 'i64') parts.push(`${name}h = ${this.high(value)}`);
    }
    this.lines.push(`${parts.join('; ')};`);
    this.#flags = inst.kind;
    this.#locals.flagsWritten = true;
  }

  protected override putFlags(bits: string): void {
    this.lines.push(`fk = 0; fa = ${bits};`);
    this.#flags = KIND.EXPLICIT;
    this.#locals.flagsWritten = true;
  }

  protected override arithmeticFlags(): string {
    this.#spillFlags();
    return super.arithmeticFlags();
  }

  override condition(cc: Known): string {
    if (this.#flags !== 'unknown' && typeof cc === 'number') return conditionText(this.#flags, cc);
    this.#spillFlags();
    return super.condition(cc);
  }

  #spillFlags(): void {
    this.lines.push(FLAG_LOCALS.map(([name, word]) => `w[${word}] = ${name};`).join(' '));
  }
}
