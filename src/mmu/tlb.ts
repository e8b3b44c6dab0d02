import { Arena } from '../memory/arena.ts';

/**
 * The data TLB as emitted code sees it: for each kind of access two flat tables indexed by linear bits 12-31.
 * `xor[n] ^ linear` is the byte's offset in the RAM buffer; negative when the entry is empty.
 * `high[n]` is the upper half of the linear address the entry is for (always 0 outside 64-bit mode). For code with 64-bit
 * integers words `2 * n` and `2 * n + 1` of `both` are the same two: exclusive-or with a linear address gives the byte's
 * offset where the entry is for its page, and otherwise a number of 2 GiB and more.
 */
export interface TlbTable {
  readonly xor: Int32Array;
  readonly high: Int32Array;
  readonly both: Int32Array;
}

/** Kernel reads, kernel writes, user reads, user writes. */
type TlbKind = 0 | 1 | 2 | 3;

/** Three words for each entry: `kind << 20 | index`, the page's offset in the RAM buffer, the linear address's upper half. */
export type SuspendedEntries = Int32Array;

const ENTRIES = 1 << 20;
/** So many fills between flushes before everything is dropped, to bound the lists. */
const LIST_LIMIT = 1 << 16;
const EMPTY = 0x80000000 | 0;
/** Large pages are noted by linear bits 21-31. */
const REGION_SHIFT = 21;
const LARGEST_SHIFT = 30;

export class Tlb {
  readonly tables: readonly [TlbTable, TlbTable, TlbTable, TlbTable];
  /** Filled entries, `kind << 20 | index`, so that a flush costs what was used. */
  #local: number[] = [];
  #global: number[] = [];
  /** log2 of the size of the large page that a 2 MiB region of linear addresses was filled from, or 0. */
  readonly #large = new Uint8Array(1 << (32 - REGION_SHIFT));
  /** For each RAM page the one entry of each write kind that maps it, plus one; 0 when there is none. */
  readonly #writers: readonly [Int32Array, Int32Array];

  /** The tables' memory comes from `arena`. */
  constructor(ramPages: number, arena = new Arena()) {
    const first = emptyTable(arena);
    const another = (): TlbTable => {
      const table = newTable(arena);
      table.xor.set(first.xor.subarray(0, ENTRIES / 2));
      table.both.set(first.both.subarray(0, ENTRIES));
      return table;
    };
    this.tables = [first, another(), another(), another()];
    this.#writers = [new Int32Array(ramPages), new Int32Array(ramPages)];
  }

  /** `offset`: byte offset of the page in the RAM buffer, below 2 GiB. */
  fill(kind: TlbKind, low: number, high: number, offset: number, global: boolean): void {
    const index = low >>> 12;
    if ((kind & 1) !== 0) {
      const writers = this.#writers[(kind >> 1) as 0 | 1];
      const page = offset >>> 12;
      const other = writers[page]! - 1;
      if (other >= 0 && other !== index) this.#drop(kind, other);
      writers[page] = index + 1;
    }
    const { xor, high: tags, both } = this.tables[kind];
    xor[index] = both[2 * index] = offset ^ (low & 0xfffff000);
    tags[index] = both[2 * index + 1] = high;
    const list = global ? this.#global : this.#local;
    if (list.push((kind << 20) | index) > LIST_LIMIT) this.flush(true);
  }

  /** Entries around `low` come from a page of `1 << shift` bytes: INVLPG drops them together (SDM 3A 4.10.4.1). */
  noteLarge(low: number, shift: number): void {
    if (this.#large[low >>> REGION_SHIFT]! >= shift) return;
    const first = (low >>> shift) << (shift - REGION_SHIFT);
    this.#large.fill(shift, first, first + (1 << (shift - REGION_SHIFT)));
  }

  /** Maps linear page 0 to the first page of RAM for every kind of access; the function given takes that back. */
  lend(): () => void {
    const saved = this.tables.map(({ xor, high }) => [xor[0]!, high[0]!] as const);
    for (const { xor, high } of this.tables) xor[0] = high[0] = 0;
    return () => {
      this.tables.forEach(({ xor, high }, n) => {
        [xor[0], high[0]] = saved[n]!;
      });
    };
  }

  /** Drops everything, or everything but global translations. */
  flush(globals: boolean): void {
    for (const entry of this.#local) this.#drop((entry >> 20) as TlbKind, entry & (ENTRIES - 1));
    this.#local.length = 0;
    if (!globals) return;
    this.#large.fill(0);
    for (const entry of this.#global) this.#drop((entry >> 20) as TlbKind, entry & (ENTRIES - 1));
    this.#global.length = 0;
  }

  /** Takes out everything but global translations. */
  suspend(): SuspendedEntries {
    const taken = new Int32Array(3 * this.#local.length);
    let length = 0;
    for (const entry of this.#local) {
      const kind = (entry >> 20) as TlbKind;
      const index = entry & (ENTRIES - 1);
      const { xor, high } = this.tables[kind];
      const offset = xor[index]! ^ (index << 12);
      // Dropped since it was filled, or taken out already.
      if (offset < 0) continue;
      taken[length++] = entry;
      taken[length++] = offset;
      taken[length++] = high[index]!;
      this.#drop(kind, index);
    }
    this.#local.length = 0;
    return taken.subarray(0, length);
  }

  /** Puts in what was taken out, but for the entries that are no longer `good`. */
  resume(entries: SuspendedEntries, good: (low: number, write: boolean, offset: number) => boolean): void {
    for (let at = 0; at < entries.length; at += 3) {
      const kind = (entries[at]! >> 20) as TlbKind;
      const low = entries[at]! << 12;
      const offset = entries[at + 1]!;
      if (good(low, (kind & 1) !== 0, offset)) this.fill(kind, low, entries[at + 2]!, offset, false);
    }
  }

  /** Drops the page around a linear address; gives log2 of its size. */
  flushPage(low: number): number {
    const shift = this.#large[low >>> REGION_SHIFT]!;
    if (shift === LARGEST_SHIFT) {
      this.flush(true);
      return shift;
    }
    const pages = shift === 0 ? 1 : 1 << (shift - 12);
    const first = (low >>> 12) & -pages;
    for (let kind = 0; kind < 4; kind++) {
      for (let index = first; index < first + pages; index++) this.#drop(kind as TlbKind, index);
    }
    return shift === 0 ? 12 : shift;
  }

  /** Makes writes to a RAM page take the slow path again (it holds translated code now). */
  protect(page: number): void {
    for (const user of [0, 1] as const) {
      const index = this.#writers[user][page]! - 1;
      if (index < 0) continue;
      const kind = (user * 2 + 1) as TlbKind;
      if ((this.tables[kind].xor[index]! ^ (index << 12)) >>> 12 === page) this.#drop(kind, index);
      this.#writers[user][page] = 0;
    }
  }

  #drop(kind: TlbKind, index: number): void {
    const { xor, both } = this.tables[kind];
    xor[index] = both[2 * index] = (index << 12) ^ EMPTY;
  }
}

/** An empty table. Its upper half stays untouched, and takes no memory: 0 means empty where linear bit 31 is set. */
function emptyTable(arena: Arena): TlbTable {
  const table = newTable(arena);
  for (let index = 0; index < ENTRIES / 2; index++) {
    table.xor[index] = table.both[2 * index] = (index << 12) ^ EMPTY;
  }
  return table;
}

function newTable(arena: Arena): TlbTable {
  const xor = arena.takeWords(ENTRIES);
  const both = arena.takeWords(2 * ENTRIES);
  for (const words of [xor, both]) arena.expectUse(words.subarray(0, words.length / 2));
  return { xor, both, high: arena.takeWords(ENTRIES) };
}
