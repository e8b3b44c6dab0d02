import type { Decode } from '../../cpu/decode.ts';
import { raiseGP } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import type { Forms } from './forms.ts';
import { type CodeTable, type Handler, LONGEST, Rec } from './record.ts';

/** Longest run of instructions without a jump that is predecoded at once. */
const BLOCK_LIMIT = 48;

/** What predecoding asks of the code cache. */
export interface PredecodeHost {
  /** Offset in RAM of a byte that is fetched, negative where there is none. Raises the fault that fetching raises. */
  fetch(low: number, high: number, mode: number): number;
  /** The bytes of a record go on on another RAM page. */
  spansPages(record: Rec, secondPage: number, handler: Handler): void;
}

/** Makes records of instructions, a block at a time, and links them. */
export class Predecoder {
  readonly #bytes: Uint8Array;
  readonly #decoder: Decode;
  readonly #forms: Forms;
  readonly #host: PredecodeHost;
  readonly #buffer = new Uint8Array(2 * LONGEST);
  /** Handler for an instruction where the debugger or DR0-DR3 want to stop; asked while predecoding. */
  breakAt: (low: number, high: number, handler: Handler) => Handler = (_low, _high, handler) => handler;
  /** Instructions and blocks since power-on. */
  decoded = 0;
  blocks = 0;
  /** Set by the engine: looks up `i.nextLow:i.nextHigh`, charges the block and returns its record. */
  onGlue: Handler = (i) => i;

  constructor(bytes: Uint8Array, decoder: Decode, forms: Forms, host: PredecodeHost) {
    this.#bytes = bytes;
    this.#decoder = decoder;
    this.#forms = forms;
    this.#host = host;
  }

  /** Decodes a record's bytes again; undefined when they lie on two pages. */
  insnOf(record: Rec): Insn | undefined {
    const { page, ipLow, length } = record;
    const inPage = (ipLow + page.codeBase) & 0xfff;
    if (inPage + length > 4096) return undefined;
    const insn = this.#decoder(
      this.#bytes,
      page.ramPage * 4096 + inPage,
      length,
      page.mode,
      ipLow,
      page.ipHigh,
      page.codeLimit,
    );
    return insn === 'truncated' ? undefined : insn;
  }

  /** Decodes from `ipLow` to the end of its block, or to a record that is there already. */
  predecode(table: CodeTable, ipLow: number): Rec {
    this.blocks++;
    const made: Rec[] = [];
    let at = ipLow;
    let joined: Rec | undefined;
    for (;;) {
      const offset = (at + table.codeBase) & 0xfff;
      const known = table.at(offset);
      if (known !== undefined) {
        joined = known;
        break;
      }
      const record = this.#decode(table, at, made.length === 0);
      if (record === undefined) {
        joined = this.#glue(table, made[made.length - 1]!);
        break;
      }
      const previous = made[made.length - 1];
      if (previous !== undefined) previous.next = record.rec;
      made.push(record.rec);
      at = (at + record.rec.length) | 0;
      if (record.ends) break;
      if (made.length >= BLOCK_LIMIT || offset + record.rec.length >= 4096) {
        joined = this.#glue(table, record.rec);
        break;
      }
    }
    let left = 0;
    if (joined !== undefined) {
      left = joined.left;
      made[made.length - 1]!.next = joined;
    }
    for (let n = made.length - 1; n >= 0; n--) made[n]!.left = ++left;
    return made[0]!;
  }

  /** Undefined: the instruction spans pages and is not the one to run now, so its second page is left alone. */
  #decode(table: CodeTable, ipLow: number, first: boolean): { rec: Rec; ends: boolean } | undefined {
    const inPage = (ipLow + table.codeBase) & 0xfff;
    const available = Math.min(LONGEST, 4096 - inPage, this.#toLimit(table, ipLow));
    const start = table.ramPage * 4096 + inPage;
    const bytes = this.#bytes;
    const { mode, ipHigh, codeLimit } = table;
    let insn = this.#decoder(bytes, start, available, mode, ipLow, ipHigh, codeLimit);
    let second = -1;
    if (insn === 'truncated') {
      if (!first) return undefined;
      const buffer = this.#buffer.fill(0);
      buffer.set(bytes.subarray(start, start + available));
      let total = available;
      if (available === 4096 - inPage && available < this.#toLimit(table, ipLow)) {
        const nextLow = (table.linearLow + 4096) | 0;
        const nextHigh = (table.linearHigh + (nextLow === 0 && table.linearHigh !== 0 ? 1 : 0)) | 0;
        second = this.#host.fetch(nextLow, nextHigh, table.mode);
        const more = Math.min(LONGEST - available, this.#toLimit(table, ipLow) - available);
        if (second >= 0) buffer.set(bytes.subarray(second, second + more), available);
        total += more;
      }
      insn = this.#decoder(buffer, 0, total, mode, ipLow, ipHigh, codeLimit);
      // Still not whole: the code segment ends inside it (SDM 3A 6.15, #GP for a fetch beyond the limit).
      if (insn === 'truncated') return this.#beyondLimit(table, ipLow);
    }
    const record = new Rec(this.onGlue, table, insn.length);
    const form = this.#forms.bind(insn, record);
    record.h = this.breakAt((ipLow + table.codeBase) | 0, table.linearHigh, form.handler);
    record.stops = record.h !== form.handler;
    if (second >= 0 && insn.length > 4096 - inPage) this.#host.spansPages(record, second >>> 12, form.handler);
    record.plain = record.h;
    record.form = form;
    record.restore();
    this.decoded++;
    table.put(inPage, record);
    return { rec: record, ends: form.endsBlock };
  }

  #beyondLimit(table: CodeTable, ipLow: number): { rec: Rec; ends: boolean } {
    const rec = new Rec(() => raiseGP(0), table, 1);
    rec.ipLow = ipLow;
    return { rec, ends: true };
  }

  #toLimit(table: CodeTable, ipLow: number): number {
    if (table.codeLimit === -1) return LONGEST;
    return Math.max(0, (table.codeLimit >>> 0) - (ipLow >>> 0) + 1);
  }

  /** A record of no instruction that goes on at the next address, on another page or in another block. */
  #glue(table: CodeTable, last: Rec): Rec {
    const glue = new Rec(this.onGlue, table, 0);
    glue.ipLow = last.nextLow;
    glue.nextLow = last.nextLow;
    glue.nextHigh = last.nextHigh;
    return glue;
  }

  /** What runs into a forgotten record looks its address up from now on. To be called at the end of a block. */
  bypass(stale: Rec): void {
    const { page } = stale;
    for (const before of page.before(stale)) {
      if (before.next !== stale) continue;
      if (before.form?.endsBlock === true) before.next = null;
      else {
        before.next = this.#glue(page, before);
        recount(before);
      }
    }
  }
}

/** The block of a record ends behind it now: counts what is left from each record before it. */
function recount(last: Rec): void {
  const changed = [last];
  last.left = 1;
  for (const record of changed) {
    for (const before of record.page.before(record)) {
      if (before.next !== record || before.form?.endsBlock === true) continue;
      before.left = record.left + 1;
      changed.push(before);
    }
  }
}
