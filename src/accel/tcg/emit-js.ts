import type { Inst, IrBuilder, Known, Slot, ValueId } from '../../cpu/ir/block.ts';
import { LIBRARY } from '../../cpu/ir/lib.ts';
import { OPS } from '../../cpu/ir/ops.ts';
import { hasEffect, terminalValues, usedValues } from '../../cpu/ir/uses.ts';
import { MODE } from '../../cpu/mode.ts';
import { FLAG, W } from '../../cpu/state.ts';
import { HOW } from '../../mmu/mmu.ts';

/**
 * Prints IR as JavaScript statements. The text holds only numbers that the translator made and names chosen
 * here: `v3` for an i32 value, `v3l` and `v3h` for the halves of an i64 one, `w` for the state words.
 * Names from outside are collected in `uses`; the caller binds them (environment.ts).
 */
export class JsPrinter {
  readonly lines: string[] = [];
  readonly uses = new Set<string>(['w']);
  protected readonly ir: IrBuilder;
  protected readonly prefix: string;
  /** First letters of the TLB tables' names. */
  protected readonly readTable: string;
  protected readonly writeTable: string;
  readonly #how: number;
  readonly #align: boolean;

  /** `mode` decides which TLB tables and checks the memory accesses use; `prefix` keeps value names apart. */
  constructor(ir: IrBuilder, mode: number, prefix = 'v') {
    this.ir = ir;
    this.prefix = prefix;
    const user = (mode & MODE.USER) !== 0;
    this.readTable = user ? 'ur' : 'kr';
    this.writeTable = user ? 'uw' : 'kw';
    this.#how = user ? HOW.USER : 0;
    this.#align = (mode & MODE.ALIGN_CHECK) !== 0;
  }

  /** Prints all instructions; the terminal is the caller's. */
  body(): this {
    const used = usedValues(this.ir, this.roots(), (inst) => this.hasEffect(inst));
    this.ir.insts.forEach((inst, at) => {
      if (used.has(at) || this.hasEffect(inst)) this.#inst(inst, at);
    });
    return this;
  }

  /** Expression of an i32 value. */
  i32(value: ValueId): string {
    const inst = this.ir.insts[value]!;
    return inst.op === 'const' ? literal(inst.low) : `${this.prefix}${value}`;
  }
  /** Low half of a value of either type. */
  low(value: ValueId): string {
    const inst = this.ir.insts[value]!;
    if (inst.op === 'const') return literal(inst.low);
    return inst.type === 'i64' ? `${this.prefix}${value}l` : `${this.prefix}${value}`;
  }
  /** High half; 0 for an i32 value. */
  high(value: ValueId): string {
    const inst = this.ir.insts[value]!;
    if (inst.type !== 'i64') return '0';
    return inst.op === 'const' ? literal(inst.high) : `${this.prefix}${value}h`;
  }

  protected hasEffect(inst: Inst): boolean {
    return hasEffect(inst);
  }

  protected roots(): ValueId[] {
    return terminalValues(this.ir);
  }

  protected name(name: string): string {
    this.uses.add(name);
    return name;
  }

  #inst(inst: Inst, at: number): void {
    const out = this.lines;
    const name = `${this.prefix}${at}`;
    switch (inst.op) {
      case 'const':
        return;
      case 'pure':
        return this.pure(inst, at, name);
      case 'get':
        return this.get(inst, at, name);
      case 'set':
        return this.set(inst);
      case 'load':
        return this.load(inst, name, at);
      case 'store':
        return this.store(inst, name);
      case 'setFlags':
        return this.setFlags(inst);
      case 'cond':
        out.push(`const ${name} = ${this.condition(inst.cc)};`);
        return;
      case 'getFlags':
        out.push(`const ${name} = ${this.arithmeticFlags(inst.mask)};`);
        return;
      case 'putFlags':
        this.putFlags(this.i32(inst.value));
        return;
      case 'putCarries':
        this.putCarries(this.i32(inst.value), name);
        return;
      case 'call':
        return this.call(inst, name);
      case 'fault':
        return this.fault(inst);
      case 'if':
        this.beforeArm('if');
        out.push(`if (${this.i32(inst.condition)} !== 0) {`);
        return;
      case 'else':
        this.beforeArm('else');
        out.push('} else {');
        return;
      case 'end':
        this.beforeArm('end');
        out.push('}');
        return;
    }
  }

  protected pure(inst: Inst & { op: 'pure' }, _at: ValueId, name: string): void {
    const [low, high] = this.halves(inst, name);
    if (inst.type === 'i32') this.lines.push(`const ${name} = ${low};`);
    else this.lines.push(`const ${name}l = ${low}, ${name}h = ${high};`);
  }

  /** Text of both halves of a result; that of the high one may name the low one. */
  protected halves(inst: Inst & { op: 'pure' }, name: string): [low: string, high: string] {
    const args = inst.args.map((arg) => ({ l: this.low(arg), h: this.high(arg) }));
    const op = OPS[inst.name] as { js: (out: object, ...args: object[]) => readonly [string, string?] };
    const [low, high] = op.js({ l: `${name}l`, h: `${name}h` }, ...args);
    for (const library in LIBRARY) if (low.includes(`${library}(`)) this.name(library);
    return [low, high ?? '0'];
  }

  protected get({ type, slot }: Inst & { op: 'get' }, _at: ValueId, name: string): void {
    if (type === 'i32') this.lines.push(`const ${name} = ${this.word(slot, 0)};`);
    else this.lines.push(`const ${name}l = ${this.word(slot, 0)}, ${name}h = ${this.word(slot, 1)};`);
  }

  protected set({ slot, value }: Inst & { op: 'set' }): void {
    this.lines.push(`${this.place(slot, 0)} = ${this.low(value)};`);
    if (this.ir.typeOf(value) === 'i64') this.lines.push(`${this.place(slot, 1)} = ${this.high(value)};`);
  }

  /** Text that reads word `more` of a state slot, and text to assign it to. */
  protected word(slot: Slot, more: 0 | 1): string {
    return state(slot, more);
  }
  protected place(slot: Slot, more: 0 | 1): string {
    return state(slot, more);
  }
  /** Called before the call of a helper, and before each mark of an `if`. */
  protected beforeCall(): void {}
  protected beforeArm(_mark: 'if' | 'else' | 'end'): void {}

  /** Text of those that `mask` has, as RFLAGS bits. */
  protected arithmeticFlags(mask: number): string {
    const all = `${this.name('arithmeticFlags')}(w)`;
    return mask === FLAG.ARITH ? all : `${all} & ${mask}`;
  }
  protected putFlags(bits: string): void {
    this.lines.push(`w[${W.flagKind}] = 0; w[${W.flagA}] = ${bits};`);
  }

  protected putCarries(bits: string, _name: string): void {
    this.lines.push(`${this.name('setCarries')}(w, ${bits});`);
  }

  /** Text of condition code `cc` as 0 or 1. */
  condition(cc: Known): string {
    if (typeof cc === 'string') return `${this.name('condition')}(w, ${cc})`;
    const f = (flag: string): string => `${this.name(flag)}(w)`;
    const texts = [
      () => f('of'),
      () => f('cf'),
      () => f('zf'),
      () => `(${f('cf')} | ${f('zf')})`,
      () => f('sf'),
      () => f('pf'),
      () => `(${f('sf')} ^ ${f('of')})`,
      () => `(${f('zf')} | ${f('sf')} ^ ${f('of')})`,
    ];
    const positive = texts[cc >> 1]!();
    return (cc & 1) === 0 ? positive : `(${positive} ^ 1)`;
  }

  protected call(inst: Inst & { op: 'call' }, name: string): void {
    this.beforeCall();
    const call = this.callText(inst);
    if (inst.type === undefined) this.lines.push(`${call};`);
    else if (inst.type === 'i32') this.lines.push(`const ${name} = ${call};`);
    else this.lines.push(`const ${name}l = ${call}, ${name}h = w[${W.hi}];`);
  }

  protected callText({ helper, args }: Inst & { op: 'call' }): string {
    const texts = args.map((arg) => {
      if (typeof arg !== 'number') return literal(arg.known);
      return this.ir.typeOf(arg) === 'i64' ? `${this.low(arg)}, ${this.high(arg)}` : this.i32(arg);
    });
    return `${this.name(`h_${helper}`)}(${texts.join(', ')})`;
  }

  protected fault({ condition, vector }: Inst & { op: 'fault' }): void {
    this.lines.push(`if (${this.i32(condition)} !== 0) ${this.name('h_raise')}(${vector}, 0);`);
  }

  /** `p` is the offset in the RAM buffer if the TLB answers and the access is aligned; `ok` tests that. */
  #lookup(name: string, address: ValueId, width: number, write: boolean): string {
    const a = this.low(address);
    const table = write ? this.writeTable : this.readTable;
    this.lines.push(`let ${name}p = ${this.name(`${table}x`)}[${a} >>> 12] ^ ${a};`);
    const align = this.#direct(name, width);
    if (this.ir.typeOf(address) !== 'i64') return align;
    return `${align} && ${this.name(`${table}h`)}[${a} >>> 12] === ${this.high(address)}`;
  }

  protected load(inst: Inst & { op: 'load' }, name: string, _at: ValueId): void {
    const out = this.lines;
    const how = this.#how | (inst.stack ? HOW.STACK : 0) | (inst.forWrite ? HOW.FOR_WRITE : 0);
    const args = `${this.low(inst.address)}, ${this.high(inst.address)}, ${how}`;
    const read = `${this.name(`rd${inst.width * 8}`)}(${args})`;
    // The store behind it asks the offset alone: by then the TLB holds the entry that this read has filled.
    const slow = inst.forWrite ? `(${name}p = -1, ${read})` : read;
    if (this.#align) this.#checkAlignment(inst.width, inst.address);
    const ok = this.#lookup(name, inst.address, inst.width, inst.forWrite);
    if (inst.width === 8) {
      out.push(`let ${name}l, ${name}h;`);
      out.push(`if (${ok}) { ${name}l = ${this.name('m32')}[${name}p >> 2]; ${name}h = m32[${name}p >> 2 | 1]; }`);
      out.push(`else { ${name}l = ${slow}; ${name}h = ${this.name('mmu')}.high; }`);
      return;
    }
    out.push(`const ${name} = ${ok} ? ${this.cell(inst.width, name)} : ${slow};`);
  }

  protected store(inst: Inst & { op: 'store' }, name: string): void {
    const { width, after } = inst;
    const how = this.#how | (inst.stack ? HOW.STACK : 0);
    const low = this.low(inst.value);
    const high = this.high(inst.value);
    const args = `${this.low(inst.address)}, ${this.high(inst.address)}, ${low}${width === 8 ? `, ${high}` : ''}, ${how}`;
    const slow = `${this.name(`wr${width * 8}`)}(${args});`;
    let place = name;
    let ok: string;
    if (after !== null) {
      place = `${this.prefix}${after}`;
      ok = this.#direct(place, width);
    } else {
      if (this.#align) this.#checkAlignment(width, inst.address);
      ok = this.#lookup(name, inst.address, width, true);
    }
    const fast =
      width === 8
        ? `{ ${this.name('m32')}[${place}p >> 2] = ${low}; m32[${place}p >> 2 | 1] = ${high}; }`
        : `${this.cell(width, place)} = ${low};`;
    this.lines.push(`if (${ok}) ${fast}`, `else ${slow}`);
  }

  /** Whether the offset is one in RAM, naturally aligned. */
  #direct(name: string, width: number): string {
    return width === 1 ? `${name}p >= 0` : `(${name}p & ${-0x80000000 + width - 1}) === 0`;
  }

  /** Text of naturally aligned memory at the offset that `lookup` named. */
  protected cell(width: number, name: string): string {
    if (width === 1) return `${this.name('m8')}[${name}p]`;
    return width === 2 ? `${this.name('m16')}[${name}p >> 1]` : `${this.name('m32')}[${name}p >> 2]`;
  }

  #checkAlignment(width: number, address: ValueId): void {
    if (width > 1) this.lines.push(`if ((${this.low(address)} & ${width - 1}) !== 0) ${this.name('h_raise')}(17, 0);`);
  }

  protected setFlags(inst: Inst & { op: 'setFlags' }): void {
    const wide = (inst.kind & 3) === 3;
    const parts = [`w[${W.flagKind}] = ${inst.kind}`, `w[${W.flagRes}] = ${this.low(inst.result)}`];
    parts.push(`w[${W.flagRes + 1}] = ${wide ? this.high(inst.result) : `${this.low(inst.result)} >> 31`}`);
    const operand = (value: ValueId | null, at: number): void => {
      if (value === null) return;
      parts.push(`w[${at}] = ${this.low(value)}`);
      if (wide && this.ir.typeOf(value) === 'i64') parts.push(`w[${at + 1}] = ${this.high(value)}`);
    };
    operand(inst.a, W.flagA);
    operand(inst.b, W.flagB);
    this.lines.push(`${parts.join('; ')};`);
  }
}

export const literal = (value: Known): string =>
  typeof value === 'number' && value < 0 ? `(${value})` : String(value);
const state = ({ word: at, param }: Slot, more = 0): string =>
  param === null ? `w[${at + more}]` : at + more === 0 ? `w[${param}]` : `w[${param} + ${at + more}]`;
