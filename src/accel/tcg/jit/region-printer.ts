import { KIND } from '../../../cpu/flags.ts';
import type { Inst, IrBuilder, Known, Slot, ValueId } from '../../../cpu/ir/block.ts';
import { operandsOf } from '../../../cpu/ir/verify.ts';
import { MODE } from '../../../cpu/mode.ts';
import { FLAG, W } from '../../../cpu/state.ts';
import { JsPrinter, literal } from '../emit-js.ts';
import { divisionText, isDivision } from './division.ts';
import { EXIT } from './emitter.ts';
import { setsFlags } from './flag-liveness.ts';
import { type FlagState, keepText, mergeFlags, namesOf, settleText, withCarries } from './flag-state.ts';
import { conditionTest, conditionValue, flagsText, isPrintable } from './flag-text.ts';
import { guardText } from './guard-text.ts';
import { type KnownHalves, namedAfter, registerOf } from './high-halves.ts';
import { inlineFloat } from './inline-float.ts';
import type { Passes } from './passes.ts';
import { ValueFacts } from './value-facts.ts';
import type { X87Block } from './x87-block.ts';
import type { Call, Part, Step } from './x87-plan.ts';
import { X87_FUNCTIONS } from './x87-text.ts';

/** Facts about a region that its instructions' printers share. */
export interface RegionLocals {
  /** Words of general-purpose registers that are kept in locals, and those that are written. */
  readonly read: Set<number>;
  readonly written: Set<number>;
  /** Registers whose high half at the entry is kept in a local. */
  readonly entryHighs: Set<number>;
  /** Some instruction calls a helper, which may raise a fault. */
  calls: boolean;
}

const GPR_WORDS = 32;
const NO_REGISTERS: ReadonlySet<number> = new Set();
export const entryHighName = (register: number): string => `e${register}`;
export const gprName = (word: number): string => `g${word}`;

/** Prints one instruction of a region: registers and flags are locals, faults know their instruction. */
export class RegionPrinter extends JsPrinter {
  readonly #locals: RegionLocals;
  readonly #node: number;
  readonly #passes: Passes;
  readonly #long: boolean;
  #flags: FlagState;
  #marked = false;
  #depth = 0;
  readonly #arms: { before: FlagState; afterThen: FlagState | undefined }[] = [];

  constructor(ir: IrBuilder, mode: number, node: number, flags: FlagState, locals: RegionLocals, passes: Passes) {
    super(ir, mode, `n${node}_`);
    this.#node = node;
    this.#flags = flags;
    this.#locals = locals;
    this.#passes = passes;
    this.#long = (mode & MODE.CODE) === MODE.CODE_64;
  }

  /** Nothing looks at the flags that this instruction sets. */
  flagsDead = false;
  /** Only what crosses a page is a reason to leave. */
  unaligned = false;
  /** What the addresses of its accesses have to be multiples of, for the region not to be left. */
  alignment = 1;
  /** What is known of 64-bit values, and the registers whose high half is no local. */
  halves64: KnownHalves | undefined;
  fixedHighs: ReadonlySet<number> = NO_REGISTERS;

  /** What the block's instructions up to here tell of values. */
  facts = new ValueFacts();

  /** The x87 in the block, and the instruction's part in it. */
  x87: X87Block | undefined;
  x87Part: Part = 'end';

  override body(): this {
    this.facts.begin(this.ir);
    if (this.x87 === undefined) return super.body();
    const part = this.x87Part;
    this.#push(this.x87.before(part, this.#node, (condition) => this.#leaveText(condition, '-1', EXIT.UNUSUAL)));
    super.body();
    if (typeof part !== 'string') {
      this.x87.note(part, (value) => ({ low: this.low(value), high: this.high(value) }));
    }
    return this;
  }

  #push(text: string): void {
    if (text !== '') this.lines.push(text);
  }

  protected override hasEffect(inst: Inst): boolean {
    if (typeof this.x87Part !== 'string' && this.x87Part.skipped.has(inst)) return false;
    return super.hasEffect(inst) && !(this.flagsDead && setsFlags(inst));
  }

  get flags(): FlagState {
    return this.#flags;
  }

  /** Condition of a branch as text that is true or false. */
  test(value: ValueId): string {
    const inst = this.ir.insts[value]!;
    if (inst.op === 'cond' && this.#foldsInto(value)) return this.#conditionTest(inst.cc as number);
    return `${this.i32(value)} !== 0`;
  }

  /** A condition code that nothing but the branch uses, with flags that are known, needs no name. */
  #foldsInto(value: ValueId): boolean {
    const { insts } = this.ir;
    const inst = insts[value]!;
    return (
      inst.op === 'cond' &&
      this.#conditionIsKnown(inst.cc) &&
      !insts.some((other) => setsFlags(other) || operandsOf(other).includes(value))
    );
  }

  protected override roots(): ValueId[] {
    const values = super.roots().filter((value) => !this.#foldsInto(value));
    const data = typeof this.x87Part === 'string' ? undefined : this.x87Part.data;
    return data === undefined ? values : [...values, data.address];
  }

  /** An instruction of a run: text of its own, with its helper for what is rare. */
  #callX87(inst: Call, name: string, step: Step): void {
    const helper = this.callText(inst);
    const declared = (declare: boolean, local: string): string => (declare ? `const ${local}` : local);
    this.name('x87Settle');
    const text = this.x87!.print(step, {
      name,
      low: (value) => this.low(value),
      high: (value) => this.high(value),
      call: (before, declare) => {
        const head = `${before} ${settleText(this.#flags)}pc = ${this.#node};`;
        if (inst.type === undefined) return `${head} ${helper};`;
        if (inst.type === 'i32') return `${head} ${declared(declare, name)} = ${helper};`;
        return `${head} ${declared(declare, `${name}l`)} = ${helper}; ${declared(declare, `${name}h`)} = w[${W.hi}];`;
      },
    });
    for (const used of X87_FUNCTIONS) if (text.includes(`${used}(`)) this.name(used);
    this.#locals.calls = true;
    this.#push(text);
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

  override high(value: ValueId): string {
    const known = this.ir.typeOf(value) === 'i64' ? this.halves64?.known[value] : undefined;
    return known === undefined ? super.high(value) : this.#half(known);
  }

  /** A high half that is known: a number, or the name of the local with a register's at the entry. */
  #half(known: number): string {
    const register = namedAfter(known);
    if (register === undefined) return literal(known);
    this.#locals.entryHighs.add(register);
    return entryHighName(register);
  }

  protected override pure(inst: Inst & { op: 'pure' }, at: ValueId, name: string): void {
    const same = this.#passes['value-facts'] ? this.facts.pure(inst, at, (value) => this.i32(value)) : undefined;
    if (same !== undefined) {
      this.lines.push(`const ${name} = ${same};`);
      return;
    }
    const known = inst.type === 'i64' ? this.halves64?.known[at] : undefined;
    if (known === undefined) return super.pure(inst, at, name);
    const [low, high] = this.halves(inst, name);
    this.lines.push(`const ${name}l = ${low};`);
    if (!this.halves64!.guards.has(at)) return;
    const args = inst.args.map((arg) => ({ l: this.low(arg), h: this.halves64!.known[arg] }));
    const wrong = guardText(inst.name, { l: `${name}l`, h: high }, args, known);
    const settle = settleText(this.#flags);
    const left = this.x87?.leaveText() ?? '';
    this.lines.push(`if (${wrong}) { ${settle}${left}pc = ${this.#node}; x = ${EXIT.GUARD}; break out; }`);
  }

  protected override get(inst: Inst & { op: 'get' }, at: ValueId, name: string): void {
    if (inst.slot.param === null && inst.type === 'i32') this.facts.get(at, inst.slot.word);
    if (inst.type === 'i32' || this.halves64?.known[at] === undefined) super.get(inst, at, name);
    else this.lines.push(`const ${name}l = ${this.word(inst.slot, 0)};`);
  }

  protected override set(inst: Inst & { op: 'set' }): void {
    if (inst.slot.param === null) this.facts.set(inst.slot.word, inst.value, this.low(inst.value), this.#depth === 0);
    const register = inst.slot.param === null ? registerOf(inst.slot.word) : undefined;
    if (register === undefined || !this.fixedHighs.has(register)) super.set(inst);
    else this.lines.push(`${this.place(inst.slot, 0)} = ${this.low(inst.value)};`);
  }

  /**
   * Where the TLB does not answer, or an access crosses a page, the region is left and the interpreter runs the
   * instruction. That needs no code that V8 has not seen running, so it does not throw the region's code away.
   * A DataView takes any alignment: an address that is not aligned is a reason to leave only until it is seen to happen
   * often (`Regions.#strays`); being aligned is tested in fewer instructions than crossing a page.
   */
  protected override load(inst: Inst & { op: 'load' }, name: string, at: ValueId): void {
    this.facts.load(at, inst.width);
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
    const page = this.facts.pageOf(address) ?? `${a} >>> 12`;
    this.lines.push(`const ${name}p = ${this.name(`${table}x`)}[${page}] ^ ${a};`);
    const wrongHalf =
      this.ir.typeOf(address) === 'i64' ? ` || ${this.name(`${table}h`)}[${a} >>> 12] !== ${this.high(address)}` : '';
    this.#leaveIf(`${this.#missText(`${name}p`, width)}${wrongHalf}`, `${name}p`);
  }

  /** The interpreter raises the fault. */
  protected override fault({ condition }: Inst & { op: 'fault' }): void {
    this.#leaveIf(`${this.i32(condition)} !== 0`, '-1');
  }

  /** To the interpreter, which runs the instruction; `offset` in the RAM buffer of what was to be accessed. */
  #leaveIf(condition: string, offset: string): void {
    this.lines.push(this.#leaveText(condition, offset, EXIT.MISS));
  }

  #leaveText(condition: string, offset: string, exit: number): string {
    const settle = `${settleText(this.#flags)}${this.x87?.leaveText() ?? ''}`;
    return `if (${condition}) { ${settle}pc = ${this.#node}; tl = ${offset}; x = ${exit}; break out; }`;
  }

  /** Sign, and alignment or the distance to the page's end, in one comparison. */
  #missText(offset: string, width: number): string {
    if (width === 1) return `${offset} < 0`;
    // Doubles of 32-bit programs lie at multiples of four.
    const aligned = this.#passes['aligned-access'] && !this.unaligned && (width < 8 || this.#long);
    if (!aligned) return `(${offset} & ${-0x80000000 + 0xfff}) >>> 0 > ${4096 - width}`;
    this.alignment = Math.max(this.alignment, width);
    return `(${offset} & ${-0x80000000 + width - 1}) !== 0`;
  }

  #cell(width: number, name: string): string {
    if (width === 1) return `${this.name('m8')}[${name}p]`;
    return `${this.name('dv')}.${width === 2 ? 'getUint16' : 'getInt32'}(${name}p, true)`;
  }

  protected override call(inst: Inst & { op: 'call' }, name: string): void {
    if (typeof this.x87Part !== 'string' && inst === this.x87Part.call) return this.#callX87(inst, name, this.x87Part);
    const float = this.#passes['inline-float'] ? inlineFloat(inst, name, this.ir, this) : undefined;
    if (float !== undefined) {
      this.#locals.calls = true;
      this.name('f64');
      if (inst.type !== undefined) this.lines.push(`let ${name};`);
      const helper = `${inst.type === undefined ? '' : `${name} = `}${this.callText(inst)};`;
      this.lines.push(
        float.bind,
        `if (${float.when}) { ${float.act} }`,
        `else { ${this.#beforeSlow()}pc = ${this.#node}; ${helper} }`,
      );
      return;
    }
    if (!this.#passes['inline-division'] || !isDivision(inst.helper)) return super.call(inst, name);
    this.#locals.calls = true;
    const args = inst.args.flatMap((arg) => {
      const value = arg as ValueId;
      return this.ir.typeOf(value) === 'i64' ? [this.low(value), this.high(value)] : [this.i32(value)];
    });
    const { when, act } = divisionText(inst.helper, args, name);
    this.lines.push(
      `let ${name}l, ${name}h;`,
      `if (${when}) { ${act} }`,
      `else { ${this.#beforeSlow()}pc = ${this.#node}; ${name}l = ${this.callText(inst)}; ${name}h = w[${W.hi}]; }`,
    );
  }

  /** What a helper that may fault wants written, where it is called seldom. */
  #beforeSlow(): string {
    return `${settleText(this.#flags)}${this.x87?.writeText() ?? ''} `;
  }

  protected override beforeCall(): void {
    this.#locals.calls = true;
    // Inside an arm it stays pending for the code behind it.
    if (this.x87 !== undefined) this.#push(this.#depth === 0 ? this.x87.write() : this.x87.writeText());
    // A fault takes the flags from the locals.
    this.#settle();
    // Inside an arm the mark would not be seen by the code behind it.
    if (this.#marked) return;
    if (this.#depth === 0) this.#marked = true;
    this.lines.push(`pc = ${this.#node};`);
  }

  protected override beforeArm(mark: 'if' | 'else' | 'end'): void {
    this.#settle();
    if (mark === 'if') {
      this.#depth++;
      this.#arms.push({ before: this.#flags, afterThen: undefined });
    } else if (mark === 'else') {
      const arm = this.#arms[this.#arms.length - 1]!;
      arm.afterThen = this.#flags;
      this.#flags = arm.before;
    } else {
      this.#depth--;
      const { before, afterThen } = this.#arms.pop()!;
      this.#flags = { kind: mergeFlags((afterThen ?? before).kind, this.#flags.kind) };
    }
  }

  protected override setFlags({ kind, result, a, b }: Inst & { op: 'setFlags' }): void {
    const wide = (kind & 3) === 3;
    const low = (value: ValueId | null): string => (value === null ? '' : this.low(value));
    const high = (value: ValueId | null): string =>
      value !== null && wide && this.ir.typeOf(value) === 'i64' ? this.high(value) : '';
    const pending = { r: low(result), rh: high(result), a: low(a), ah: high(a), b: low(b), bh: high(b) };
    this.#nowFlags({ kind, pending });
  }

  protected override putFlags(bits: string): void {
    this.#nowFlags({ kind: KIND.EXPLICIT, pending: { r: '', rh: '', a: bits, ah: '', b: '', bh: '' } });
  }

  protected override putCarries(bits: string, name: string): void {
    const { kind } = this.#flags;
    const after = withCarries(kind);
    if (this.#passes['known-flags'] && after !== KIND.EXPLICIT) {
      const { r, rh } = namesOf(this.#flags);
      return this.#nowFlags({
        kind: after,
        pending: { r, rh: (after & 3) === 3 ? rh : '', a: bits, ah: '', b: '', bh: '' },
      });
    }
    this.lines.push(`const ${name} = ${this.arithmeticFlags(FLAG.ARITH & ~FLAG.CARRIES)} | ${bits};`);
    this.putFlags(name);
  }

  #nowFlags(flags: FlagState): void {
    this.#flags = flags;
    if (!this.#passes['flag-sinking']) this.#settle();
  }

  /** From here on the locals hold the flags. */
  #settle(): void {
    if (this.#flags.pending === undefined) return;
    this.lines.push(settleText(this.#flags));
    this.#flags = { kind: this.#flags.kind };
  }

  protected override arithmeticFlags(mask: number): string {
    const { kind } = this.#flags;
    if (this.#passes['known-flags'] && typeof kind === 'number' && isPrintable(kind)) {
      return this.#use(flagsText(kind, namesOf(this.#flags), mask));
    }
    this.#keep();
    return super.arithmeticFlags(mask);
  }

  #conditionIsKnown(cc: Known): boolean {
    const { kind } = this.#flags;
    return this.#passes['known-flags'] && typeof kind === 'number' && isPrintable(kind) && typeof cc === 'number';
  }

  #conditionTest(cc: number): string {
    return this.#use(conditionTest(this.#flags.kind as number, cc, namesOf(this.#flags)));
  }

  override condition(cc: Known): string {
    if (this.#conditionIsKnown(cc)) {
      return this.#use(conditionValue(this.#flags.kind as number, cc as number, namesOf(this.#flags)));
    }
    this.#keep();
    return super.condition(cc);
  }

  /** Binds the functions that flag text names. */
  #use(text: string): string {
    for (const name of ['imulOverflow32', 'imulOverflow64']) if (text.includes(name)) this.name(name);
    return text;
  }

  /** Brings the flags to the state, where functions look for them. */
  #keep(): void {
    this.#settle();
    if (this.#flags.kind !== 'kept') this.lines.push(keepText(this.#long));
  }
}
