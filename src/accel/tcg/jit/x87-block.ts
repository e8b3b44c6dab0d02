import type { IrBuilder } from '../../../cpu/ir/block.ts';
import { C1 } from '../../../cpu/softfloat/status.ts';
import { CS, W } from '../../../cpu/state.ts';
import { type Part, planX87, type Start, type Step } from './x87-plan.ts';
import { SETTLE, X87_NAMES } from './x87-settle.ts';
import { X87_TEXT, type X87Words } from './x87-text.ts';

const TOP = 0x3800;
const ES = 0x80;
/** Every exception masked; and with that 64 bits of precision and rounding to nearest. */
const MASKED = 0x3f;
const CONTROL = 0xf3f;
const USUAL = 0x33f;

interface Pointer {
  readonly low: string;
  readonly high: string;
}

/** Address of a memory operand, and its segment register. */
type Data = Pointer & { readonly segment: number };

/** What a run has not written yet. Writing it twice does no harm. */
interface Pending {
  /** The top of stack is another one. */
  moved: boolean;
  /** Bits of registers, from the run's top, that have become full, and empty. */
  full: number;
  empty: number;
  /** C1 is to be cleared. */
  c1: boolean;
  ip: Pointer | undefined;
  data: Data | undefined;
}

const nothing = (): Pending => ({ moved: false, full: 0, empty: 0, c1: false, ip: undefined, data: undefined });

/** Turns bits of registers from the run's top into those of physical ones. */
const turned = (bits: number, top: string): string => `(${bits} << ${top} | ${bits} << ${top} >> 8) & 255`;

/** What printing an instruction of a run takes from its printer. */
export interface X87Host {
  readonly name: string;
  low(value: number): string;
  high(value: number): string;
  /** Statements that call the helper, which may give the name declared or not; `before` it what is pending is written. */
  call(before: string, declare: boolean): string;
}

/**
 * The x87 in a block: runs of instructions whose registers are known from the top of stack at the run's beginning. Top,
 * tags, C1 and the pointers are written where a run ends, or somebody may look.
 */
export class X87Block {
  readonly #parts: readonly Part[];
  /** Name of the top of stack at the run's beginning; undefined outside runs. */
  #base: string | undefined;
  #top = 0;
  #pending = nothing();
  /** Text of runs was printed. */
  isUsed = false;

  constructor(irs: readonly IrBuilder[]) {
    this.#parts = planX87(irs);
  }

  /** How an instruction of the block, by its place, takes part. */
  part(at: number): Part {
    return this.#parts[at]!;
  }

  /** Statements before an instruction: those that begin a run or end one. */
  before(part: Part, node: number, leaveIf: (condition: string) => string): string {
    if (part === 'other') return '';
    if (part === 'end') return this.end();
    return part.start === undefined ? '' : `${this.end()}\n${this.#begin(part.start, node, leaveIf)}`;
  }

  #begin({ full, empty, rounds, used }: Start, node: number, leaveIf: (condition: string) => string): string {
    const base = `q${node}`;
    this.#base = base;
    this.#top = 0;
    this.isUsed = true;
    const tags = `((w[${W.ftw}] | w[${W.ftw}] << 8) >>> ${base} ^ ${full}) & ${full | empty}`;
    const control = rounds ? `w[${W.fcw}] & ${CONTROL} ^ ${USUAL}` : `~w[${W.fcw}] & ${MASKED}`;
    const registers = Array.from({ length: 8 }, (_, i) => i).filter((i) => ((used >> i) & 1) !== 0);
    return [
      `const ${base} = w[${W.fsw}] >>> 11 & 7;`,
      leaveIf(`(${tags} | ${control} | w[${W.fsw}] & ${ES}) !== 0`),
      ...registers.map((i) => `const ${base}_${i} = ${W.st} + ((${base} + ${i} & 7) << 2);`),
    ].join('\n');
  }

  /** Statements that do what an instruction of a run does. */
  print({ call, effect }: Step, host: X87Host): string {
    const { args, helper } = call;
    const { pushes, fills, pops = 0, c1, byHelper } = effect;
    if (byHelper === true) {
      const text = host.call(this.write(), true);
      this.#top += pops;
      return text;
    }
    const value = (at: number): number => args[at] as number;
    const words: X87Words = {
      st: (i) => this.#register(i),
      known: (at) => (args[at] as { readonly known: number }).known,
      low: (at) => host.low(value(at)),
      high: (at) => host.high(value(at)),
      slow: host.call(this.#settle(), false),
      name: host.name,
    };
    const text = X87_TEXT[helper]!(words);
    if (pushes === true) this.#push();
    if (fills !== undefined) this.#mark(fills, true);
    for (let n = 0; n < pops; n++) this.#pop();
    if (c1 !== 'leaves') this.#pending.c1 = c1 === 'clears';
    return text;
  }

  #register(i: number): string {
    return `${this.#base}_${(this.#top + i) & 7}`;
  }

  #mark(i: number, full: boolean): void {
    const bit = 1 << ((this.#top + i) & 7);
    const pending = this.#pending;
    pending.full = full ? pending.full | bit : pending.full & ~bit;
    pending.empty = full ? pending.empty & ~bit : pending.empty | bit;
  }

  #push(): void {
    this.#top--;
    this.#pending.moved = true;
    this.#mark(0, true);
  }
  #pop(): void {
    this.#mark(0, false);
    this.#top++;
    this.#pending.moved = true;
  }

  /** Notes where the instruction that was printed last is, and its memory operand. */
  note({ ip, data }: Step, halves: (value: number) => Pointer): void {
    this.#pending.ip = halves(ip);
    if (data !== undefined) this.#pending.data = { ...halves(data.address), segment: data.segment };
  }

  /** Statements that write what is pending. */
  writeText(): string {
    const { moved, full, empty, c1, ip, data } = this.#pending;
    const base = this.#base;
    const out: string[] = [];
    if (moved || c1) {
      const top = moved ? ` | (${base} + ${this.#top & 7} & 7) << 11` : '';
      out.push(`w[${W.fsw}] = w[${W.fsw}] & ${~((moved ? TOP : 0) | (c1 ? C1 : 0))}${top};`);
    }
    if ((full | empty) !== 0) {
      const kept = empty === 0 ? '' : ` & ~${turned(empty, base!)}`;
      out.push(`w[${W.ftw}] = w[${W.ftw}]${kept}${full === 0 ? '' : ` | ${turned(full, base!)}`};`);
    }
    if (ip !== undefined) {
      out.push(`w[${W.fip}] = ${ip.low}; w[${W.fip + 1}] = ${ip.high}; w[${W.fcs}] = w[${W.selector + CS}];`);
    }
    if (data !== undefined) {
      out.push(`w[${W.fdp}] = ${data.low}; w[${W.fdp + 1}] = ${data.high};`);
      out.push(`w[${W.fds}] = w[${W.selector + data.segment}];`);
    }
    return out.join(' ');
  }

  /** As `writeText`, and from there on nothing is pending. */
  write(): string {
    const text = this.writeText();
    this.#pending = nothing();
    return text;
  }

  end(): string {
    const text = this.write();
    this.#base = undefined;
    return text;
  }

  /** What is pending as arguments of `x87Settle`: number, top of stack, and pointers. */
  #arguments(): string[] {
    const { moved, full, empty, c1, ip, data } = this.#pending;
    const bits =
      full |
      (empty << SETTLE.EMPTY) |
      (moved ? SETTLE.MOVED | ((this.#top & 7) << SETTLE.TOP) : 0) |
      (c1 ? SETTLE.C1 : 0) |
      (ip === undefined ? 0 : SETTLE.IP) |
      (data === undefined ? 0 : SETTLE.DATA | (data.segment << SETTLE.SEGMENT));
    if (bits === 0) return [];
    return [String(bits), this.#base!, ip?.low ?? '0', ip?.high ?? '0', data?.low ?? '0', data?.high ?? '0'];
  }

  /** Statement that writes what is pending, on a way that is seldom taken. */
  #settle(): string {
    const values = this.#arguments();
    return values.length === 0 ? '' : `x87Settle(${values.join(', ')});`;
  }

  /** Statements that leave what is pending to the region's end. They only move values. */
  leaveText(): string {
    return this.#arguments()
      .map((value, at) => `${X87_NAMES[at]} = ${value}; `)
      .join('');
  }
}
