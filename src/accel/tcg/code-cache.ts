import type { Decode } from '../../cpu/decode.ts';
import { raiseGP, raiseUD } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import { CS, W } from '../../cpu/state.ts';
import type { CodePages } from '../../memory/code-pages.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import type { Forms } from './forms.ts';
import { CodeTable, type Handler, LONGEST, Rec } from './record.ts';

const FETCH_ENTRIES = 1024;
/** Longest run of instructions without a jump that is predecoded at once. */
const BLOCK_LIMIT = 48;
/** A table takes as much memory as so many records. */
const TABLE_COST = 40;

/**
 * Predecoded code by address: finds or makes the record for an instruction pointer, and forgets records whose
 * bytes changed. Tables are kept for each RAM page, linear page, mode and code segment.
 */
export class CodeCache {
  readonly #w: Int32Array;
  readonly #mmu: Mmu;
  readonly #pages: CodePages;
  readonly #bytes: Uint8Array;
  readonly #decoder: Decode;
  readonly #forms: Forms;
  readonly #byPage = new Map<number, CodeTable[]>();
  readonly #fetch: (CodeTable | undefined)[] = new Array(FETCH_ENTRIES).fill(undefined);
  /** Instructions whose bytes lie on two pages, by the second page. */
  readonly #crossing = new Map<number, Rec[]>();
  /** Tables of ring 3 code that may hold records. */
  readonly #user = new Set<CodeTable>();
  /** Live tables by whether a write to CR3 leaves them alone. */
  #liveLocal: CodeTable[] = [];
  #liveGlobal: CodeTable[] = [];
  readonly #none: Rec;
  readonly #buffer = new Uint8Array(2 * LONGEST);
  #records = 0;
  #tables = 0;
  /** Pages whose last record may have gone. */
  readonly #emptied = new Set<number>();
  #codeBase = 0;
  #codeLimit = 0;
  /** Handler for an instruction where the debugger or DR0-DR3 want to stop; asked while predecoding. */
  breakAt: (low: number, high: number, handler: Handler) => Handler = (_low, _high, handler) => handler;
  /** True when a fault belongs to RIP in the state, not to the running record: fetches and regions set it. */
  ripIsExact = false;
  /** When `size` goes beyond this, `onFull` is told. */
  fullAt = Infinity;
  onFull: () => void = () => {};
  /** What is looked up now is marked as used in this epoch. */
  epoch = 0;
  /** Told when a record is forgotten, and when all are. */
  onDrop: (record: Rec) => void = () => {};
  onClear: () => void = () => {};
  /** Since power-on: instructions and blocks that were decoded, instructions that were forgotten because they changed. */
  decoded = 0;
  blocks = 0;
  invalidated = 0;

  constructor(w: Int32Array, mmu: Mmu, pages: CodePages, decoder: Decode, forms: Forms, stop: Rec) {
    this.#w = w;
    this.#mmu = mmu;
    this.#pages = pages;
    this.#bytes = mmu.map.ram.u8;
    this.#decoder = decoder;
    this.#forms = forms;
    this.#none = stop;
    pages.onWrite = (offset, length) => this.#invalidate(offset, length);
    mmu.onFlush = (globals) => {
      retire(this.#liveLocal);
      if (globals) retire(this.#liveGlobal);
      this.#translationsChanged();
    };
    mmu.onFlushPage = (low, shift) => {
      this.#liveLocal = retirePage(this.#liveLocal, low, shift);
      this.#liveGlobal = retirePage(this.#liveGlobal, low, shift);
      this.#translationsChanged();
    };
  }

  get records(): number {
    return this.#records;
  }

  /** Memory in use, in records. */
  get size(): number {
    return this.#records + TABLE_COST * this.#tables;
  }

  /** Every link is to be looked up again. */
  newGeneration(): void {
    retire(this.#liveLocal);
    retire(this.#liveGlobal);
    this.#translationsChanged();
  }

  #translationsChanged(): void {
    this.#w[W.generation] = (this.#w[W.generation]! + 1) | 0;
  }

  /** Makes a table live again if its page is still mapped as when it was made; nothing faults. */
  revive(table: CodeTable): boolean {
    if (table.live) return true;
    const { linearLow, linearHigh, ramPage } = table;
    const user = (table.mode & MODE.USER) !== 0;
    const offset = this.#mmu.tryFetch(linearLow, linearHigh, user);
    if (offset < 0 || offset >>> 12 !== ramPage) return false;
    this.#enliven(table);
    return true;
  }

  /** The page of a table has just been fetched from. */
  #enliven(table: CodeTable): void {
    if (table.live) return;
    table.live = true;
    table.used = this.epoch;
    (this.#mmu.fetchedGlobal ? this.#liveGlobal : this.#liveLocal).push(table);
  }

  /** Takes the code segment from the state; to be called when it may have changed. */
  segmentChanged(): void {
    const w = this.#w;
    const long = (w[W.mode]! & MODE.CODE) === MODE.CODE_64;
    const base = long ? 0 : w[W.base + 2 * CS]!;
    const limit = long ? -1 : w[W.limit + CS]!;
    if (base === this.#codeBase && limit === this.#codeLimit) return;
    this.#codeBase = base;
    this.#codeLimit = limit;
    this.#fetch.fill(undefined);
  }

  /** The record at an instruction pointer. Raises the fault that fetching it raises. */
  lookup(ipLow: number, ipHigh: number): Rec {
    if (this.#codeLimit !== -1 && ipLow >>> 0 > this.#codeLimit >>> 0) {
      this.ripIsExact = true;
      return raiseGP(0);
    }
    const low = (ipLow + this.#codeBase) | 0;
    const table = this.#table(low, ipHigh);
    const slot = table.slots[low & 0xfff]!;
    return slot !== 0 ? table.records[slot]! : this.#predecode(table, ipLow);
  }

  /** The record at an address in the current mode if it was decoded before; nothing faults, nothing is made. */
  peek(ipLow: number, ipHigh: number): Rec | undefined {
    const mode = this.#w[W.mode]!;
    const low = (ipLow + this.#codeBase) | 0;
    const offset = this.#mmu.probeFetch(low, ipHigh, (mode & MODE.USER) !== 0);
    if (offset < 0) return undefined;
    const linear = low & 0xfffff000;
    const table = this.#byPage
      .get(offset >>> 12)
      ?.find(
        (t) =>
          t.linearLow === linear &&
          t.linearHigh === ipHigh &&
          t.mode === mode &&
          t.codeBase === this.#codeBase &&
          t.codeLimit === this.#codeLimit,
      );
    return table?.at(low & 0xfff);
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

  /** Forgets everything: breakpoints changed, or too much was kept. */
  clear(): void {
    for (const [page, tables] of this.#byPage) {
      for (const table of tables) this.#retire(table);
      this.#pages.unmark(page);
    }
    this.onClear();
    this.#byPage.clear();
    this.#crossing.clear();
    this.#user.clear();
    this.#emptied.clear();
    this.#records = 0;
    this.#tables = 0;
    this.#fetch.fill(undefined);
    this.newGeneration();
  }

  /** Forgets the code of ring 3: another accelerator ran it and may have changed it. */
  forgetUser(): void {
    for (const table of this.#user) {
      for (const record of table.records) if (record !== this.#none) this.#drop(record);
    }
    this.#user.clear();
  }

  /** Forms have got arms. */
  formsChanged(): void {
    for (const tables of this.#byPage.values()) {
      for (const { records } of tables) for (const record of records) if (record.h === record.plain) record.restore();
    }
  }

  /** A new epoch of use. No table is live now: each is marked when it is looked up again. */
  newEpoch(): void {
    this.epoch++;
    this.newGeneration();
  }

  /** Forgets the tables that were not used for longest, until `size` is left. Nothing may be running. */
  evict(size: number): void {
    const tables = [...this.#byPage.values()].flat().sort((a, b) => a.used - b.used);
    for (const table of tables) {
      if (this.size <= size) break;
      for (const record of table.records) if (record !== this.#none) this.#drop(record);
      this.#emptied.add(table.ramPage);
    }
    for (const [page, records] of this.#crossing) {
      const kept = records.filter((record) => record.h !== this.onStale);
      if (kept.length > 0) this.#crossing.set(page, kept);
      else {
        this.#crossing.delete(page);
        this.#emptied.add(page);
      }
    }
    this.releaseEmpty();
    this.newGeneration();
  }

  /** Lets go of pages without records: writing to them is fast again. Nothing may be running. */
  releaseEmpty(): void {
    if (this.#emptied.size === 0) return;
    for (const page of this.#emptied) {
      const tables = this.#byPage.get(page);
      const kept = tables?.filter((table) => table.size > 0) ?? [];
      this.#tables -= (tables?.length ?? 0) - kept.length;
      for (const table of tables ?? []) if (table.size === 0) this.#user.delete(table);
      if (kept.length > 0) this.#byPage.set(page, kept);
      else {
        this.#byPage.delete(page);
        if (!this.#crossing.has(page)) this.#pages.unmark(page);
      }
    }
    this.#emptied.clear();
    this.newGeneration();
  }

  #table(low: number, high: number): CodeTable {
    const mode = this.#w[W.mode]!;
    const at = (low >>> 12) & (FETCH_ENTRIES - 1);
    const linear = low & 0xfffff000;
    const cached = this.#fetch[at];
    if (cached?.live === true && cached.linearLow === linear && cached.linearHigh === high && cached.mode === mode) {
      return cached;
    }
    this.ripIsExact = true;
    const offset = this.#mmu.fetch(low, high, (mode & MODE.USER) !== 0);
    // Nothing answers there: the bus floats high, and FFh FFh is no instruction.
    if (offset < 0) return raiseUD();
    this.ripIsExact = false;
    const table = this.#find(offset >>> 12, mode, linear, high);
    this.#fetch[at] = table;
    this.#enliven(table);
    return table;
  }

  #find(ramPage: number, mode: number, linear: number, high: number): CodeTable {
    let tables = this.#byPage.get(ramPage);
    if (tables === undefined) this.#byPage.set(ramPage, (tables = []));
    const base = this.#codeBase;
    const limit = this.#codeLimit;
    for (const table of tables) {
      if (
        table.linearLow === linear &&
        table.linearHigh === high &&
        table.mode === mode &&
        table.codeBase === base &&
        table.codeLimit === limit
      ) {
        return table;
      }
    }
    const table = new CodeTable(ramPage, mode, linear, high, base, limit, this.#none);
    tables.push(table);
    this.#tables++;
    this.#pages.mark(ramPage);
    return table;
  }

  /** Decodes from `ipLow` to the end of its block, or to a record that is there already. */
  #predecode(table: CodeTable, ipLow: number): Rec {
    this.blocks++;
    if ((table.mode & MODE.USER) !== 0) this.#user.add(table);
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
    if (this.size > this.fullAt) this.onFull();
    return made[0]!;
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

  /** Set by the engine: looks up `i.nextLow:i.nextHigh`, charges the block and returns its record. */
  onGlue: Handler = (i) => i;
  /** Set by the engine: runs a record again whose bytes changed since it was decoded. */
  onStale: Handler = (i) => i;

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
        this.ripIsExact = true;
        second = this.#mmu.fetch(nextLow, nextHigh, (table.mode & MODE.USER) !== 0);
        this.ripIsExact = false;
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
    if (second >= 0 && insn.length > 4096 - inPage) this.#spansPages(record, second >>> 12, form.handler);
    record.plain = record.h;
    record.form = form;
    record.restore();
    this.#records++;
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

  /** The second page is looked up at each run: it may be another one by now. */
  #spansPages(record: Rec, secondPage: number, handler: Handler): void {
    const { linearLow, linearHigh } = record.page;
    const nextLow = (linearLow + 4096) | 0;
    const nextHigh = nextLow === 0 && linearHigh !== 0 ? (linearHigh + 1) | 0 : linearHigh;
    let checked = this.#w[W.generation];
    record.h = (i) => {
      if (checked !== this.#w[W.generation]) {
        // The record itself is the instruction that faults: RIP follows from it.
        if (this.#mmu.fetch(nextLow, nextHigh, (i.page.mode & MODE.USER) !== 0) >>> 12 !== secondPage) {
          this.#drop(i);
          return i.h(i);
        }
        checked = this.#w[W.generation];
      }
      return handler(i);
    };
    this.#pages.mark(secondPage);
    const others = this.#crossing.get(secondPage) ?? [];
    this.#crossing.set(secondPage, [...others.filter((other) => other.h !== this.onStale), record]);
  }

  #invalidate(offset: number, length: number): void {
    const page = offset >>> 12;
    const from = offset & 0xfff;
    const tables = this.#byPage.get(page);
    if (tables !== undefined) {
      for (const table of tables) {
        for (let at = Math.max(0, from - LONGEST + 1); at < from + length && at < 4096; at++) {
          const record = table.at(at);
          if (record === undefined || at + record.length <= from) continue;
          this.invalidated++;
          this.#drop(record);
        }
      }
    }
    const crossing = this.#crossing.get(page);
    if (crossing === undefined || from >= LONGEST) return;
    for (const record of crossing) this.#drop(record);
    this.#crossing.delete(page);
    this.#emptied.add(page);
  }

  #drop(record: Rec): void {
    this.onDrop(record);
    record.divert(this.onStale);
    const offset = (record.ipLow + record.page.codeBase) & 0xfff;
    // An instruction on two pages may be told twice, and another one stand in its place by then.
    if (record.page.at(offset) !== record) return;
    record.page.remove(offset);
    this.#records--;
    if (record.page.size === 0) this.#emptied.add(record.page.ramPage);
  }

  #retire(table: CodeTable): void {
    for (const record of table.records) if (record !== this.#none) record.divert(this.onStale);
    table.slots.fill(0);
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

function retire(tables: CodeTable[]): void {
  for (const table of tables) table.live = false;
  tables.length = 0;
}

/** The tables that are not of the page of `1 << shift` bytes around a linear address; the others are live no more. */
function retirePage(tables: readonly CodeTable[], low: number, shift: number): CodeTable[] {
  return tables.filter((table) => {
    if (table.linearLow >>> shift === low >>> shift) table.live = false;
    return table.live;
  });
}
