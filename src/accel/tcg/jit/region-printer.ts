import { KIND } from '../../../cpu/flags.ts';
import type { Inst, IrBuilder, Known, Slot, ValueId } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import { JsPrinter } from '../emit-js.ts';
import { conditionText, flagsText, isPrintable } from './flag-text.ts';

/** What is known of the lazy flags at a point: the kind of the operation that set them, or nothing. */
export type FlagKnowledge = number | 'unknown';

/** Facts about a region that its instructions' printers share. */
export interface RegionLocals {
  /** Words of general-purpose registers that are kept in locals, and those that are written. */
  readonly read: Set<number>;
  readonly written: Set<number>;
  flagsWritten: boolean;
  /** Some instruction calls a helper, which may raise a fault. */
  calls: boolean;
}

/** Values of `x` at the region's end that are no number of a known exit. */
export const EXIT = {
  /** To `tl:th`. */ INDIRECT: -1,
  /** The interpreter runs node `pc`. */ MISS: -2,
  /** Nothing ran: see `Regions.promote`. */ WARM: -3,
} as const;

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
  readonly #arms: { before: FlagKnowledge; afterThen: FlagKnowledge | undefined }[] = [];

  constructor(ir: IrBuilder, mode: number, node: number, flags: FlagKnowledge, locals: RegionLocals) {
    super(ir, mode, `n${node}_`);
    this.#node = node;
    this.#flags = flags;
    this.#locals = locals;
  }

  /** Nothing looks at the flags that this instruction sets. */
  flagsDead = false;

  protected override hasEffect(inst: Inst): boolean {
    return super.hasEffect(inst) && !(this.flagsDead && inst.op === 'setFlags');
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

  /**
   * Where the TLB does not answer, or an access crosses a page, the region is left and the interpreter runs the
   * instruction. That needs no code that V8 has not seen running, so it does not throw the region's code away.
   * A DataView takes any alignment.
   */
  protected override load(inst: Inst & { op: 'load' }, name: string): void {
    this.#lookup(name, inst.address, inst.width, inst.forWrite);
    this.lines.push(
      inst.width === 8
        ? `const ${name}l = ${this.#cell(4, name)}, ${name}h = ${this.name('dv')}.getInt32(${name}p + 4, true);`
        : `const ${name} = ${this.#cell(inst.width, name)};`,
    );
  }

  protected override store(inst: Inst & { op: 'store' }, name: string): void {
    const { width, after } = inst;
    const place = after === null ? name : `${this.prefix}${after}`;
    if (after === null) this.#lookup(name, inst.address, width, true);
    const low = this.low(inst.value);
    if (width === 1) this.lines.push(`${this.name('m8')}[${place}p] = ${low};`);
    else this.lines.push(`${this.name('dv')}.setInt${width === 2 ? 16 : 32}(${place}p, ${low}, true);`);
    if (width === 8) this.lines.push(`dv.setInt32(${place}p + 4, ${this.high(inst.value)}, true);`);
  }

  #lookup(name: string, address: ValueId, width: number, write: boolean): void {
    const a = this.low(address);
    const table = write ? this.writeTable : this.readTable;
    this.lines.push(`const ${name}p = ${this.name(`${table}x`)}[${a} >>> 12] ^ ${a};`);
    // Sign and offset in the page in one comparison.
    const miss = width === 1 ? `${name}p < 0` : `(${name}p & ${-0x80000000 + 0xfff}) >>> 0 > ${4096 - width}`;
    const wrongHalf =
      this.ir.typeOf(address) === 'i64' ? ` || ${this.name(`${table}h`)}[${a} >>> 12] !== ${this.high(address)}` : '';
    this.lines.push(`if (${miss}${wrongHalf}) { pc = ${this.#node}; x = ${EXIT.MISS}; break out; }`);
  }

  #cell(width: number, name: string): string {
    if (width === 1) return `${this.name('m8')}[${name}p]`;
    return `${this.name('dv')}.${width === 2 ? 'getUint16' : 'getInt32'}(${name}p, true)`;
  }

  protected override beforeCall(): void {
    this.#locals.calls = true;
    // Inside an arm the mark would not be seen by the code behind it.
    if (this.#marked) return;
    if (this.#depth === 0) this.#marked = true;
    this.lines.push(`pc = ${this.#node};`);
  }

  protected override armChanged(mark: 'if' | 'else' | 'end'): void {
    if (mark === 'if') {
      this.#depth++;
      this.#arms.push({ before: this.#flags, afterThen: undefined });
    } else if (mark === 'else') {
      const arm = this.#arms[this.#arms.length - 1]!;
      arm.afterThen = this.#flags;
      this.#flags = arm.before;
    } else {
      this.#depth--;
      const arm = this.#arms.pop()!;
      if ((arm.afterThen ?? arm.before) !== this.#flags) this.#flags = 'unknown';
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
    if (this.#flags !== 'unknown' && isPrintable(this.#flags)) return this.#use(flagsText(this.#flags));
    this.#spillFlags();
    return super.arithmeticFlags();
  }

  override condition(cc: Known): string {
    if (this.#flags !== 'unknown' && isPrintable(this.#flags) && typeof cc === 'number') {
      return this.#use(conditionText(this.#flags, cc));
    }
    this.#spillFlags();
    return super.condition(cc);
  }

  /** Binds the functions that flag text names. */
  #use(text: string): string {
    for (const name of ['imulOverflow32', 'imulOverflow64']) if (text.includes(name)) this.name(name);
    return text;
  }

  #spillFlags(): void {
    this.lines.push(FLAG_LOCALS.map(([name, word]) => `w[${word}] = ${name};`).join(' '));
  }
}
