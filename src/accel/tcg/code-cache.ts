import type { Decode } from '../../cpu/decode.ts';
import { raiseGP, raiseUD } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import { CS, W } from '../../cpu/state.ts';
import type { CodePages } from '../../memory/code-pages.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import type { Forms } from './forms.ts';
import { LiveTables } from './live-tables.ts';
import { Predecoder } from './predecoder.ts';
import { CodeTable, type Handler, LONGEST, Rec } from './record.ts';

const FETCH_ENTRIES = 1024;
const RECENT_ENTRIES = 4096;
const recentAt = (ipLow: number): number => (ipLow ^ (ipLow >>> 12)) & (RECENT_ENTRIES - 1);
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
  readonly #byPage = new Map<number, CodeTable[]>();
  readonly #fetch: (CodeTable | undefined)[] = new Array(FETCH_ENTRIES).fill(undefined);
  /** The records that were looked up last, by instruction pointer. */
  readonly #recent: Rec[];
  /** Instructions whose bytes lie on two pages, by the second page. */
  readonly #crossing = new Map<number, Rec[]>();
  /** Tables of ring 3 code that may hold records. */
  readonly #user = new Set<CodeTable>();
  readonly #live = new LiveTables();
  readonly #none: Rec;
  /** A record of a page that is never live. */
  readonly #nowhere: Rec;
  #records = 0;
  #tables = 0;
  /** Pages whose last record may have gone. */
  readonly #emptied = new Set<number>();
  #codeBase = 0;
  #codeLimit = 0;
  /** True when a fault belongs to RIP in the state, not to the running record: fetches and regions set it. */
  ripIsExact = false;
  /** When `size` goes beyond this, `onFull` is told. */
  fullAt = Infinity;
  onFull: () => void = () => {};
  /** What is looked up now is marked as used in this epoch; in memory that emitted code reads. */
  readonly epochWord = new Int32Array(1);
  /** Told when a record is forgotten, and when all are. */
  onDrop: (record: Rec) => void = () => {};
  onClear: () => void = () => {};
  /** Since power-on: instructions that were forgotten because they changed. */
  invalidated = 0;
  readonly predecoder: Predecoder;

  constructor(w: Int32Array, mmu: Mmu, pages: CodePages, decoder: Decode, forms: Forms, stop: Rec) {
    this.#w = w;
    this.#mmu = mmu;
    this.#pages = pages;
    this.#none = stop;
    this.#nowhere = new Rec((i) => i, new CodeTable(-1, -1, 0, 0, 0, 0, stop), 0);
    this.#recent = new Array(RECENT_ENTRIES).fill(this.#nowhere);
    this.predecoder = new Predecoder(mmu.map.ram.u8, decoder, forms, {
      fetch: (low, high, mode) => this.#fetchFrom(low, high, mode),
      spansPages: (record, secondPage, handler) => this.#spansPages(record, secondPage, handler),
    });
    pages.onWrite = (offset, length) => this.#invalidate(offset, length);
    mmu.onFlush = (globals) => {
      this.#live.retire(globals);
      this.#translationsChanged();
    };
    mmu.onFlushPage = (low, shift) => {
      this.#live.retirePage(low, shift);
      this.#translationsChanged();
    };
  }

  get epoch(): number {
    return this.epochWord[0]!;
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
    this.#live.retire(true);
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
    table.used = this.epoch;
    this.#live.add(table, this.#mmu.fetchedGlobal);
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
    this.#recent.fill(this.#nowhere);
  }

  /** The record at an instruction pointer. Raises the fault that fetching it raises. */
  lookup(ipLow: number, ipHigh: number): Rec {
    if (this.#codeLimit !== -1 && ipLow >>> 0 > this.#codeLimit >>> 0) {
      this.ripIsExact = true;
      return raiseGP(0);
    }
    const at = recentAt(ipLow);
    const recent = this.#recent[at]!;
    if (recent.ipLow === ipLow) {
      const { page } = recent;
      if (page.live && page.ipHigh === ipHigh && page.mode === this.#w[W.mode]) return recent;
    }
    const low = (ipLow + this.#codeBase) | 0;
    const table = this.#table(low, ipHigh);
    const slot = table.slots[low & 0xfff]!;
    const record = slot !== 0 ? table.records[slot]! : this.#predecode(table, ipLow);
    this.#recent[at] = record;
    return record;
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
    return this.predecoder.insnOf(record);
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
    this.#recent.fill(this.#nowhere);
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
    this.epochWord[0]!++;
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
    const offset = this.#fetchFrom(low, high, mode);
    // Nothing answers there: the bus floats high, and FFh FFh is no instruction.
    if (offset < 0) {
      this.ripIsExact = true;
      return raiseUD();
    }
    const table = this.#find(offset >>> 12, mode, linear, high);
    this.#fetch[at] = table;
    this.#enliven(table);
    return table;
  }

  #fetchFrom(low: number, high: number, mode: number): number {
    this.ripIsExact = true;
    const offset = this.#mmu.fetch(low, high, (mode & MODE.USER) !== 0);
    this.ripIsExact = false;
    return offset;
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

  #predecode(table: CodeTable, ipLow: number): Rec {
    if ((table.mode & MODE.USER) !== 0) this.#user.add(table);
    const before = table.size;
    const record = this.predecoder.predecode(table, ipLow);
    this.#records += table.size - before;
    if (this.size > this.fullAt) this.onFull();
    return record;
  }

  /** Set by the engine: runs a record again whose bytes changed since it was decoded. */
  onStale: Handler = (i) => i;

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
    const at = recentAt(record.ipLow);
    if (this.#recent[at] === record) this.#recent[at] = this.#nowhere;
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
