import type { Decode } from '../../cpu/decode.ts';
import { raiseGP, raiseUD } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import { CS, W } from '../../cpu/state.ts';
import type { Arena } from '../../memory/arena.ts';
import type { CodePages } from '../../memory/code-pages.ts';
import type { InvalidatedPages } from '../../mmu/contexts.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import { type CodePlace, CodeTable } from './code-table.ts';
import type { Forms } from './forms.ts';
import { LiveTables, type SuspendedTables } from './live-tables.ts';
import { MovingTables } from './moving-tables.ts';
import { Predecoder } from './predecoder.ts';
import { type Handler, INFO, LONGEST, R, STOP } from './record.ts';
import type { Records } from './records.ts';
import { Spans } from './spans.ts';

const FETCH_ENTRIES = 1024;
const RECENT_ENTRIES = 4096;
export const RECENT_MASK = RECENT_ENTRIES - 1;
export const RECENT_SHIFT = 12;
/** Where a record with the instruction pointer of this name stands among the recent ones. */
export const recentIndex = (ipLow: string): string => `(${ipLow} ^ ${ipLow} >>> ${RECENT_SHIFT}) & ${RECENT_MASK}`;
export const recentAt = (ipLow: number): number => (ipLow ^ (ipLow >>> RECENT_SHIFT)) & RECENT_MASK;
/** A table takes as much memory as so many records. */
const TABLE_COST = 130;
/** So many records may be stale, and so many tables gone, before their memory is used again. */
const STALE_LIMIT = 16_384;
const GONE_LIMIT = 256;

/** What is known of a process-context identifier's code while another one is current. */
interface SuspendedCode {
  readonly tables: SuspendedTables;
  readonly generation: number;
  readonly moves: number;
  /** Some of it is supervisor-mode code. */
  readonly supervisor: boolean;
}

/**
 * Predecoded code by address: finds or makes the record for an instruction pointer, and forgets records whose
 * bytes changed. Tables are kept for each RAM page, linear page, mode and code segment.
 */
export class CodeCache {
  readonly #w: Int32Array;
  readonly store: Records;
  readonly #mmu: Mmu;
  readonly #pages: CodePages;
  readonly #byPage = new Map<number, CodeTable[]>();
  readonly #fetch: (CodeTable | undefined)[] = new Array(FETCH_ENTRIES).fill(undefined);
  /** The records that were looked up last, by instruction pointer; emitted code looks there itself. */
  readonly recent: Int32Array;
  readonly spans: Spans;
  readonly #spanNumber: number;
  /** Tables of ring 3 code that may hold records. */
  readonly #user = new Set<CodeTable>();
  readonly #live = new LiveTables();
  readonly moving: MovingTables;
  /** Tables that wait for a sweep: no record of theirs can be looked up. */
  #gone: CodeTable[] = [];
  #count = 0;
  #stale = 0;
  #tables = 0;
  /** Pages whose last record may have gone. */
  readonly #emptied = new Set<number>();
  /** The last name of a state of translations. */
  #generation = 0;
  #codeBase = 0;
  #codeLimit = 0;
  /** True when a fault belongs to RIP in the state, not to the running record: fetches and regions set it. */
  ripIsExact = false;
  /** When `size` goes beyond this, `onFull` is told. */
  fullAt = Infinity;
  onFull: () => void = () => {};
  /** What is looked up now is marked as used in this epoch; in memory that emitted code reads. */
  readonly epochWord: Int32Array;
  /** Told when a record is forgotten, when all are, and before the words of forgotten ones are used again. */
  onDrop: (record: number) => void = () => {};
  onClear: () => void = () => {};
  onSweep: () => void = () => {};
  /** Entries that an instruction is taken to have had when it is decoded, at an offset in a page. */
  firstHeat: (table: CodeTable, offset: number) => number = () => 0;
  /** Since power-on: instructions that were forgotten because they changed. */
  invalidated = 0;
  readonly predecoder: Predecoder;

  constructor(
    w: Int32Array,
    mmu: Mmu,
    pages: CodePages,
    decoder: Decode,
    forms: Forms,
    records: Records,
    arena: Arena,
  ) {
    this.recent = arena.takeWords(RECENT_ENTRIES);
    this.epochWord = arena.takeWords(1);
    this.#w = w;
    this.#mmu = mmu;
    this.#pages = pages;
    this.store = records;
    this.spans = new Spans(w, mmu, records, this.#live);
    this.moving = new MovingTables(this.#byPage, this.#live);
    this.predecoder = new Predecoder(mmu.map.ram.u8, decoder, forms, records, {
      fetch: (low, high, mode) => this.#fetchFrom(low, high, mode),
      spansPages: (record, secondPage, number) => this.#spansPages(record, secondPage, number),
    });
    records.stale = (i) => this.onStale(i);
    this.#spanNumber = records.functions.add((i) => this.#runSpan(i));
    pages.onWrite = (offset, length) => this.#invalidate(offset, length);
    mmu.onFlush = (globals) => {
      const supervisor = globals || this.#live.supervisorIsLocal;
      this.#live.retire(globals);
      this.#translationsChanged(supervisor);
    };
    mmu.onFlushPage = (low, shift) => {
      this.#live.retirePage(low, shift);
      this.#translationsChanged(true);
    };
    mmu.onSuspend = () => this.#suspend();
    mmu.onResume = (code, invalidated) => this.#resume(code as SuspendedCode, invalidated);
  }

  get epoch(): number {
    return this.epochWord[0]!;
  }

  /** Instructions that are predecoded. */
  get records(): number {
    return this.#count;
  }

  /** Memory in use, in records. */
  get size(): number {
    return this.store.used + TABLE_COST * this.#tables;
  }

  /** So much was forgotten that its memory is wanted back. */
  get needsSweep(): boolean {
    return this.#stale > STALE_LIMIT || this.#gone.length > GONE_LIMIT;
  }

  /** Every link is to be looked up again. */
  newGeneration(): void {
    this.#live.retire(true);
    this.#translationsChanged(true);
  }

  #translationsChanged(supervisor: boolean): void {
    this.#generation = (this.#generation + 1) | 0;
    this.#w[W.generation] = this.#generation;
    if (supervisor) this.#w[W.supervisorGeneration] = this.#generation;
  }

  /** Another process-context identifier is about to be current. */
  #suspend(): SuspendedCode {
    const supervisor = this.#live.supervisorIsLocal;
    const { moves } = this.moving;
    const code = { tables: this.#live.suspend(), generation: this.#w[W.generation]!, moves, supervisor };
    this.#translationsChanged(supervisor);
    return code;
  }

  /** The one that was current then is again. */
  #resume({ tables, generation, moves, supervisor }: SuspendedCode, invalidated: InvalidatedPages): void {
    if (!this.#live.resume(tables, invalidated)) return;
    if (supervisor) this.#translationsChanged(true);
    else if (invalidated.length === 0 && moves === this.moving.moves) this.#w[W.generation] = generation;
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
    this.recent.fill(STOP);
  }

  /** The record at an instruction pointer. Raises the fault that fetching it raises. */
  lookup(ipLow: number, ipHigh: number): number {
    if (this.#codeLimit !== -1 && ipLow >>> 0 > this.#codeLimit >>> 0) {
      this.ripIsExact = true;
      return raiseGP(0);
    }
    const at = recentAt(ipLow);
    const recent = this.recent[at]!;
    if (this.store.words[recent + R.ip] === ipLow && this.store.isLive(recent)) {
      const table = this.store.pageOf(recent);
      if (table.ipHigh === ipHigh && table.mode === this.#w[W.mode]) return recent;
    }
    const low = (ipLow + this.#codeBase) | 0;
    const table = this.#table(low, ipHigh);
    const found = table.at(low & 0xfff);
    const record = found !== STOP ? found : this.#predecode(table, ipLow);
    this.recent[at] = record;
    return record;
  }

  /** The record at an address in the current mode if it was decoded before; nothing faults, nothing is made. */
  peek(ipLow: number, ipHigh: number): number | undefined {
    const mode = this.#w[W.mode]!;
    const low = (ipLow + this.#codeBase) | 0;
    const offset = this.#mmu.probeFetch(low, ipHigh, (mode & MODE.USER) !== 0);
    if (offset < 0) return undefined;
    const place = this.#placeOf(mode, low & 0xfffff000, ipHigh);
    const record = this.#byPage
      .get(offset >>> 12)
      ?.find((table) => table.isAt(place))
      ?.at(low & 0xfff);
    return record === STOP ? undefined : record;
  }

  /** The page of code at an address in the current mode; undefined where none is mapped. Nothing faults. */
  tableAt(low: number, high: number): CodeTable | undefined {
    const mode = this.#w[W.mode]!;
    const offset = this.#mmu.probeFetch(low, high, (mode & MODE.USER) !== 0);
    return offset < 0 ? undefined : this.#find(offset >>> 12, this.#placeOf(mode, low & 0xfffff000, high));
  }

  /** Where in RAM the current mode fetches an address from; negative where it would fault. */
  offsetAt(low: number, high: number): number {
    return this.#mmu.tryFetch(low, high, (this.#w[W.mode]! & MODE.USER) !== 0);
  }

  /** The record at a linear address of a table; it need not have run yet. Raises the fault of a page behind that it goes on on. */
  decoded(table: CodeTable, low: number): number {
    const found = table.at(low & 0xfff);
    return found !== STOP ? found : this.#predecode(table, (low - table.codeBase) | 0);
  }

  /** The bytes of a record; undefined when they go on on a page that is not mapped as when they were decoded. */
  bytesOf(record: number): Uint8Array | undefined {
    const ram = this.#mmu.map.ram.u8;
    const { ramPage, codeBase } = this.store.pageOf(record);
    const offset = (this.store.words[record + R.ip]! + codeBase) & 0xfff;
    const start = ramPage * 4096 + offset;
    const length = this.store.length(record);
    const behind = offset + length - 4096;
    if (behind <= 0) return ram.subarray(start, start + length);
    const second = this.spans.secondPage(record);
    if (second === undefined || !this.spans.isWhole(record)) return undefined;
    const bytes = new Uint8Array(length);
    bytes.set(ram.subarray(start, start + length - behind));
    bytes.set(ram.subarray(second * 4096, second * 4096 + behind), length - behind);
    return bytes;
  }

  /** Decodes a record's bytes again; undefined where `bytesOf` is, or where there is no instruction. */
  insnOf(record: number): Insn | undefined {
    const bytes = this.bytesOf(record);
    return bytes && this.predecoder.insnOf(record, bytes);
  }

  /** Forgets everything: breakpoints changed, or too much was kept. */
  clear(): void {
    for (const [page, tables] of this.#byPage) {
      for (const table of tables) for (const record of table.all()) this.store.drop(record);
      this.#gone.push(...tables);
      this.#pages.unmark(page);
    }
    this.onClear();
    this.#byPage.clear();
    this.spans.clear();
    this.#user.clear();
    this.#emptied.clear();
    this.#count = 0;
    this.#fetch.fill(undefined);
    this.recent.fill(STOP);
    this.newGeneration();
  }

  /** Forgets the code of ring 3: another accelerator ran it and may have changed it. */
  forgetUser(): void {
    for (const table of this.#user) this.#dropAll(table);
    this.#user.clear();
  }

  /** Forms have got arms. */
  formsChanged(): void {
    for (const tables of this.#byPage.values()) {
      for (const table of tables) {
        for (const record of table.all()) {
          if (!this.store.isDiverted(record)) this.store.restore(record);
        }
      }
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
    let left = this.size;
    for (const table of tables) {
      if (left <= size) break;
      left -= table.room + TABLE_COST;
      this.#dropAll(table);
      this.#emptied.add(table.ramPage);
    }
    this.sweep();
  }

  /**
   * Unlinks forgotten records, so that their words can be used for others, and lets go of pages without records: writing
   * to them is fast again. Nothing may be running.
   */
  sweep(): void {
    for (const page of this.spans.sweep()) this.#emptied.add(page);
    this.releaseEmpty();
    for (const tables of this.#byPage.values()) for (const table of tables) this.#unlink(table);
    this.store.sweepTargets();
    this.predecoder.sweep();
    this.onSweep();
    for (const tables of this.#byPage.values()) for (const table of tables) table.sweep();
    this.#fetch.fill(undefined);
    this.recent.fill(STOP);
    this.newGeneration();
    this.#tables -= this.#gone.length;
    for (const table of this.#gone) table.release();
    this.#gone = [];
    this.#stale = 0;
  }

  /** No record of the table leads to a stale one any more. */
  #unlink(table: CodeTable): void {
    const records = this.store;
    const c = records.words;
    for (const record of table.all()) {
      const next = c[record + R.next]!;
      if (records.isStale(record)) {
        // Glue goes with what runs into it.
        if (records.is(next, INFO.GLUE)) records.drop(next);
        continue;
      }
      if (records.isStale(c[record + R.link]!)) c[record + R.link] = STOP;
      if (records.isStale(next)) this.predecoder.bypass(next);
    }
  }

  /** Lets go of pages without records: writing to them is fast again. Nothing may be running. */
  releaseEmpty(): void {
    if (this.#emptied.size === 0) return;
    for (const page of this.#emptied) {
      const tables = this.#byPage.get(page);
      const kept = tables?.filter((table) => table.size > 0) ?? [];
      for (const table of tables ?? []) if (table.size === 0) this.#forgetTable(table);
      if (kept.length > 0) this.#byPage.set(page, kept);
      else {
        this.#byPage.delete(page);
        if (this.spans.on(page).length === 0) this.#pages.unmark(page);
      }
    }
    this.#emptied.clear();
    this.newGeneration();
  }

  #forgetTable(table: CodeTable): void {
    for (const record of table.all()) this.store.drop(record);
    this.#user.delete(table);
    this.#gone.push(table);
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
    const table = this.#find(offset >>> 12, this.#placeOf(mode, linear, high));
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

  /** Where code is looked for, and what has to be the same for its records to be good. */
  #placeOf(mode: number, linearLow: number, linearHigh: number): Omit<CodePlace, 'ramPage'> {
    return { mode, linearLow, linearHigh, codeBase: this.#codeBase, codeLimit: this.#codeLimit };
  }

  #find(ramPage: number, place: Omit<CodePlace, 'ramPage'>): CodeTable {
    let tables = this.#byPage.get(ramPage);
    if (tables === undefined) this.#byPage.set(ramPage, (tables = []));
    for (const table of tables) if (table.isAt(place)) return table;
    const moved = this.moving.move(ramPage, place);
    if (moved !== undefined) return moved;
    const table = new CodeTable(this.store, { ramPage, ...place });
    tables.push(table);
    this.#tables++;
    this.#pages.mark(ramPage);
    return table;
  }

  #predecode(table: CodeTable, ipLow: number): number {
    if ((table.mode & MODE.USER) !== 0) this.#user.add(table);
    const before = table.size;
    const record = this.predecoder.predecode(table, ipLow);
    const words = this.store.words;
    const made = table.size - before;
    for (let n = 0, rec = record; n < made; n++, rec = words[rec + R.next]!) {
      if (words[rec + R.heat] !== 0) continue;
      words[rec + R.heat] = this.firstHeat(table, (words[rec + R.ip]! + table.codeBase) & 0xfff);
    }
    this.#count += made;
    if (this.size > this.fullAt) this.onFull();
    return record;
  }

  /** Set by the engine: runs a record again whose bytes changed since it was decoded. */
  onStale: Handler = (i) => i;

  /** Notes a record whose bytes go on on a second page; gives the number of what runs for it. */
  #spansPages(record: number, secondPage: number, number: number): number {
    this.spans.add(record, secondPage, number);
    this.#pages.mark(secondPage);
    return this.#spanNumber;
  }

  /** The second page may be another one by now. Where it faults, the record is the instruction that does: RIP follows. */
  #runSpan(i: number): number {
    if (!this.spans.fetch(i)) {
      this.#drop(i);
      return this.onStale(i);
    }
    return this.store.functions.byNumber[this.spans.numberOf(i)]!(i);
  }

  #invalidate(offset: number, length: number): void {
    const page = offset >>> 12;
    const from = offset & 0xfff;
    const tables = this.#byPage.get(page);
    if (tables !== undefined) {
      for (const table of tables) {
        for (let at = Math.max(0, from - LONGEST + 1); at < from + length && at < 4096; at++) {
          const record = table.at(at);
          if (record === STOP || at + this.store.length(record) <= from) continue;
          this.invalidated++;
          this.#drop(record);
        }
      }
    }
    const spans = this.spans.on(page);
    if (spans.length === 0 || from >= LONGEST) return;
    for (const record of spans) this.#drop(record);
    this.spans.forgetPage(page);
    this.#emptied.add(page);
  }

  #drop(record: number): void {
    const records = this.store;
    this.onDrop(record);
    const ip = records.words[record + R.ip]!;
    if (!records.isStale(record)) {
      records.drop(record);
      if (++this.#stale > STALE_LIMIT) this.onFull();
    }
    const at = recentAt(ip);
    if (this.recent[at] === record) this.recent[at] = STOP;
    const page = records.pageOf(record);
    const offset = (ip + page.codeBase) & 0xfff;
    // An instruction on two pages may be told twice, and another one stand in its place by then.
    if (page.at(offset) !== record) return;
    page.remove(offset);
    this.#count--;
    if (page.size === 0) this.#emptied.add(page.ramPage);
  }

  #dropAll(table: CodeTable): void {
    const records = this.store;
    for (const record of table.all())
      if (!records.is(record, INFO.GLUE) && !records.isStale(record)) this.#drop(record);
  }
}
