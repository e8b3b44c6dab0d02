import type { Decode } from '../../cpu/decode.ts';
import { raiseGP } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import type { CodeTable } from './code-table.ts';
import type { Forms } from './forms.ts';
import { GLUE_ARM, type Handler, INFO, LONGEST, R, STOP } from './record.ts';
import type { Records } from './records.ts';

/** Longest run of instructions without a jump that is predecoded at once. */
const BLOCK_LIMIT = 48;

/** What predecoding asks of the code cache. */
export interface PredecodeHost {
  /** Offset in RAM of a byte that is fetched, negative where there is none. Raises the fault that fetching raises. */
  fetch(low: number, high: number, mode: number): number;
  /** The bytes of a record go on on another RAM page; gives the number of the function to run in place of `number`. */
  spansPages(record: number, secondPage: number, number: number): number;
}

/** Makes records of instructions, a block at a time, and links them. */
export class Predecoder {
  readonly #bytes: Uint8Array;
  readonly #decoder: Decode;
  readonly #forms: Forms;
  readonly #records: Records;
  readonly #host: PredecodeHost;
  readonly #buffer = new Uint8Array(2 * LONGEST);
  /** Whether the debugger wants to stop at an instruction; asked while predecoding. */
  breakAt: (low: number, high: number) => boolean = () => false;
  /** Called before such an instruction runs. */
  onBreak: (low: number, high: number) => void = () => {};
  /** Instructions and blocks since power-on. */
  decoded = 0;
  blocks = 0;
  /** Set by the engine: looks up the instruction pointer of glue, charges the block and returns its record. */
  onGlue: Handler = (i) => i;
  readonly #glueNumber: number;
  readonly #breakNumber: number;
  readonly #limitNumber: number;
  /** Numbers of the functions behind breakpoints. */
  readonly #behindBreak = new Map<number, number>();

  constructor(bytes: Uint8Array, decoder: Decode, forms: Forms, records: Records, host: PredecodeHost) {
    this.#bytes = bytes;
    this.#decoder = decoder;
    this.#forms = forms;
    this.#records = records;
    this.#host = host;
    const { functions } = records;
    this.#glueNumber = functions.add((i) => this.onGlue(i), GLUE_ARM);
    this.#limitNumber = functions.add(() => raiseGP(0));
    this.#breakNumber = functions.add((i) => {
      const { codeBase, linearHigh } = records.pageOf(i);
      this.onBreak((records.words[i + R.ip]! + codeBase) | 0, linearHigh);
      return functions.byNumber[this.#behindBreak.get(i)!]!(i);
    });
  }

  /** Decodes the bytes of a record again; undefined when they are no instruction. */
  insnOf(record: number, bytes: Uint8Array): Insn | undefined {
    const { mode, ipHigh, codeLimit } = this.#records.pageOf(record);
    const ip = this.#records.words[record + R.ip]!;
    const insn = this.#decoder(bytes, 0, bytes.length, mode, ip, ipHigh, codeLimit);
    return insn === 'truncated' ? undefined : insn;
  }

  /** Decodes from `ipLow` to the end of its block, or to a record that is there already. */
  predecode(table: CodeTable, ipLow: number): number {
    this.blocks++;
    const records = this.#records;
    const c = records.words;
    const made: number[] = [];
    let at = ipLow;
    let joined: number = STOP;
    for (;;) {
      const offset = (at + table.codeBase) & 0xfff;
      joined = table.at(offset);
      if (joined !== STOP) break;
      const record = this.#decode(table, at, made.length === 0);
      const last = made[made.length - 1];
      if (record === STOP) {
        joined = this.#glue(table, last!);
        break;
      }
      if (last !== undefined) c[last + R.next] = record;
      made.push(record);
      const length = records.length(record);
      at = (at + length) | 0;
      if (records.is(record, INFO.ENDS)) break;
      if (made.length >= BLOCK_LIMIT || offset + length >= 4096) {
        joined = this.#glue(table, record);
        break;
      }
    }
    if (joined !== STOP) c[made[made.length - 1]! + R.next] = joined;
    let left = c[joined + R.left]!;
    for (let n = made.length - 1; n >= 0; n--) c[made[n]! + R.left] = ++left;
    return made[0]!;
  }

  /** STOP: the instruction spans pages and is not the one to run now, so its second page is left alone. */
  #decode(table: CodeTable, ipLow: number, first: boolean): number {
    const inPage = (ipLow + table.codeBase) & 0xfff;
    const available = Math.min(LONGEST, 4096 - inPage, this.#toLimit(table, ipLow));
    const start = table.ramPage * 4096 + inPage;
    const bytes = this.#bytes;
    const { mode, ipHigh, codeLimit } = table;
    let insn = this.#decoder(bytes, start, available, mode, ipLow, ipHigh, codeLimit);
    let second = -1;
    let total = available;
    if (insn === 'truncated') {
      if (!first) return STOP;
      const buffer = this.#buffer.fill(0);
      buffer.set(bytes.subarray(start, start + available));
      if (available === 4096 - inPage && available < this.#toLimit(table, ipLow)) {
        second = this.#host.fetch(...table.pageBehind(), table.mode);
        const more = Math.min(LONGEST - available, this.#toLimit(table, ipLow) - available);
        if (second >= 0) buffer.set(bytes.subarray(second, second + more), available);
        total += more;
      }
      insn = this.#decoder(buffer, 0, total, mode, ipLow, ipHigh, codeLimit);
    }
    const record = table.take(inPage);
    const length = insn === 'truncated' ? total : insn.length;
    const own = this.#bind(insn, record, table, ipLow);
    const spans = second >= 0 && length > 4096 - inPage;
    const number = spans ? this.#host.spansPages(record, second >>> 12, own) : own;
    this.#records.fill(record, table.number, ipLow, length, number);
    this.decoded++;
    return record;
  }

  /** Fills a record with the numbers of its instruction; gives the number of its function. */
  #bind(insn: Insn | 'truncated', record: number, table: CodeTable, ipLow: number): number {
    const records = this.#records;
    // Still not whole: the code segment ends inside it (SDM 3A 6.15, #GP for a fetch beyond the limit).
    if (insn === 'truncated') {
      records.mark(record, INFO.ENDS);
      return this.#limitNumber;
    }
    if (isRelativeInHalf(insn)) table.stays = true;
    const { number, endsBlock } = this.#forms.bind(insn, record);
    if (endsBlock) records.mark(record, INFO.ENDS);
    if (!this.breakAt((ipLow + table.codeBase) | 0, table.linearHigh)) return number;
    records.mark(record, INFO.STOPS);
    this.#behindBreak.set(record, number);
    return this.#breakNumber;
  }

  #toLimit(table: CodeTable, ipLow: number): number {
    if (table.codeLimit === -1) return LONGEST;
    return Math.max(0, (table.codeLimit >>> 0) - (ipLow >>> 0) + 1);
  }

  /** A record of no instruction that goes on at the next address, on another page or in another block. */
  #glue(table: CodeTable, last: number): number {
    const c = this.#records.words;
    const glue = table.take();
    const ip = c[last + R.ip]!;
    const next = (ip + this.#records.length(last)) | 0;
    this.#records.fill(glue, table.number, next, 0, this.#glueNumber);
    this.#records.mark(glue, INFO.GLUE | INFO.RELATIVE_IMM);
    c[glue + R.imm] = next;
    c[glue + R.immHigh] = table.highBehind(ip, next);
    return glue;
  }

  /** What runs into a forgotten record looks its address up from now on. To be called at the end of a block. */
  bypass(stale: number): void {
    const records = this.#records;
    const c = records.words;
    const page = records.pageOf(stale);
    for (const before of page.before(stale)) {
      if (c[before + R.next] !== stale) continue;
      if (records.is(before, INFO.ENDS)) c[before + R.next] = STOP;
      else {
        c[before + R.next] = this.#glue(page, before);
        this.#recount(page, before);
      }
    }
  }

  /** The block of a record ends behind it now: counts what is left from each record before it. */
  #recount(page: CodeTable, last: number): void {
    const records = this.#records;
    const c = records.words;
    const changed = [last];
    c[last + R.left] = 1;
    for (const record of changed) {
      for (const before of page.before(record)) {
        if (c[before + R.next] !== record || records.is(before, INFO.ENDS)) continue;
        c[before + R.left] = c[record + R.left]! + 1;
        changed.push(before);
      }
    }
  }

  /** Stale records are about to be used again. */
  sweep(): void {
    for (const record of this.#behindBreak.keys()) {
      if (this.#records.isStale(record)) this.#behindBreak.delete(record);
    }
  }
}

/** Its operand may be relative to RIP by an address of 32 bits, which does not follow where the code goes. */
export const isRelativeInHalf = ({ addressSize, operands, mode }: Insn): boolean =>
  addressSize === 4 &&
  (mode & MODE.CODE) === MODE.CODE_64 &&
  operands.some((operand) => operand.kind === 'mem' && operand.base === undefined);
