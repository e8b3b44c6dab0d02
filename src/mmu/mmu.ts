import type { AddressMap } from '../memory/address-map.ts';
import type { Arena } from '../memory/arena.ts';
import type { CodePages } from '../memory/code-pages.ts';
import { hex } from '../util/hex.ts';
import { Contexts, type InvalidatedPages, isIn } from './contexts.ts';
import { ACCESS, PageWalker, type PagingConfig, type Translation } from './page-tables.ts';
import { Tlb } from './tlb.ts';

/** How an access is checked. Bits of the `flags` argument below. */
export const HOW = {
  USER: 1,
  /** Non-canonical addresses raise #SS(0). */
  STACK: 2,
  /** A load whose place will be written by the same instruction. */
  FOR_WRITE: 4,
} as const;

/** How the MMU reports; the CPU turns these into exceptions. Neither returns. */
export interface MmuFaults {
  pageFault(low: number, high: number, errorCode: number): never;
  nonCanonical(stack: boolean): never;
}

/**
 * The slow path of memory: what emitted code calls when the TLB does not answer. Translates, checks,
 * fills the TLB, and reaches RAM, ROM or MMIO. Linear addresses are two int32 halves.
 */
export class Mmu {
  readonly tlb: Tlb;
  readonly walker: PageWalker;
  readonly #map: AddressMap;
  readonly #faults: MmuFaults;
  readonly #code: CodePages;
  readonly #m8: Uint8Array;
  readonly #view: DataView;
  /** Data accesses that the TLB did not answer, by cause. */
  readonly misses = {
    /** Translated by the guest's tables. */
    walks: 0,
    /** Across the end of a page. */
    splits: 0,
    /** To device memory, or to nothing. */
    devices: 0,
    /** Writes to a page with translated code. */
    codeWrites: 0,
  };
  /** Times that all translations were dropped, or those of a page. */
  flushes = 0;
  /** High half of the last 64-bit read. */
  high = 0;
  /** Physical address bits that reach memory; bit 20 is cleared while A20 is masked. */
  #a20 = -1;
  /** Called after all translations were dropped, or all but global ones. */
  onFlush: (globals: boolean) => void = () => {};
  /** Called after those of one page were dropped: of `1 << shift` bytes around a linear address. */
  onFlushPage: (low: number, shift: number) => void = () => {};
  /** Another process-context identifier is about to be current: gives what will be wanted when this one is again. */
  onSuspend: () => unknown = () => undefined;
  /** One is current again whose translations were kept, but for those of some pages; `code` is what `onSuspend` gave. */
  onResume: (code: unknown, invalidated: InvalidatedPages) => void = () => {};
  readonly #contexts = new Contexts<unknown>();
  #pcid = 0;
  /** One line for each translation made or dropped, when tracing. */
  trace: ((line: string) => void) | undefined;

  constructor(map: AddressMap, code: CodePages, config: PagingConfig, faults: MmuFaults, arena?: Arena) {
    this.#map = map;
    this.#code = code;
    this.#faults = faults;
    this.#m8 = map.ram.u8;
    this.#view = map.ram.view;
    this.tlb = new Tlb(Math.ceil(map.ram.length / 4096), arena);
    const physical = {
      read: (gpa: number) => this.map.read(this.#mask(gpa), 4) | 0,
      write: (gpa: number, value: number) => this.#writePhysical(this.#mask(gpa), value),
    };
    this.walker = new PageWalker(physical, config);
    code.onProtect = (page) => this.tlb.protect(page);
    map.onChange.push(() => this.flush(true));
  }

  get map(): AddressMap {
    return this.#map;
  }

  /**
   * Physical pages with data breakpoints: never in the TLB, every access is reported to `onWatch` before it is
   * made, by its linear address.
   */
  watch(pages: readonly number[]): void {
    this.#watched = new Set(pages);
    this.flush(true);
  }
  onWatch: (low: number, high: number, bytes: number, write: boolean) => void = () => {};
  #watched: ReadonlySet<number> = new Set();
  /** Every page is watched. To be followed by a flush. */
  watchesAll = false;

  setA20(enabled: boolean): void {
    const mask = enabled ? -1 : ~0x100000;
    if (mask === this.#a20) return;
    this.#a20 = mask;
    this.flush(true);
  }

  flush(globals: boolean): void {
    this.flushes++;
    this.trace?.(globals ? 'flush all' : 'flush but globals');
    this.tlb.flush(globals);
    if (globals) {
      this.#contexts.clear();
      this.#pcid = this.walker.config.pcid;
    }
    this.onFlush(globals);
  }

  /** CR3 was loaded: its process-context identifier's translations are dropped without `keep`, those of others never. */
  contextChanged(keep: boolean): void {
    const { pcid } = this.walker.config;
    if (pcid === this.#pcid) {
      if (!keep) this.flush(false);
      return;
    }
    this.trace?.(`context ${hex(pcid)}${keep ? '' : ' anew'}`);
    const code = this.onSuspend();
    this.#contexts.put(this.#pcid, this.tlb.suspend(), code);
    this.#pcid = pcid;
    const kept = this.#contexts.take(pcid);
    if (kept === undefined || !keep) return;
    const { entries, invalidated } = kept;
    const isCode = (offset: number): boolean => this.#code.has(offset >>> 12);
    this.tlb.resume(entries, (low, write, offset) => !isIn(invalidated, low) && !(write && isCode(offset)));
    this.onResume(kept.code, invalidated);
  }

  flushPage(low: number): void {
    this.flushes++;
    this.trace?.(`flush ${hex(low)}`);
    const shift = this.tlb.flushPage(low);
    this.#contexts.invalidate(low, shift);
    this.onFlushPage(low, shift);
  }

  /** Offset in the RAM buffer of one instruction byte, or -1 when it is not in RAM or ROM (`fetchGpa` then). */
  fetch(low: number, high: number, user: boolean): number {
    const page = this.#walk(low, high, ACCESS.FETCH | (user ? ACCESS.USER : 0), 0).page;
    const gpa = this.#mask(page + (low & 0xfff));
    return this.#map.readableOffset(gpa);
  }

  /** The last `fetch` went through a global translation. */
  get fetchedGlobal(): boolean {
    return this.walker.result.global;
  }

  /** As `fetch`, but -1 where it would fault. */
  tryFetch(low: number, high: number, user: boolean): number {
    if (!this.#canonical(high)) return -1;
    const found = this.walker.walk(low, high, ACCESS.FETCH | (user ? ACCESS.USER : 0));
    return found.fault >= 0 ? -1 : this.#map.readableOffset(this.#mask(found.page + (low & 0xfff)));
  }

  /** As `fetch`, but -1 where fetching would fault; sets no accessed bits. */
  probeFetch(low: number, high: number, user: boolean): number {
    if (!this.#canonical(high)) return -1;
    const found = this.walker.walk(low, high, ACCESS.FETCH | ACCESS.PROBE | (user ? ACCESS.USER : 0));
    if (found.fault >= 0 || (user && !found.user)) return -1;
    return this.#map.readableOffset(this.#mask(found.page + (low & 0xfff)));
  }

  /** Physical address for debuggers: undefined when nothing is mapped; changes nothing. */
  probe(low: number, high: number): number | undefined {
    if (!this.#canonical(high)) return undefined;
    const found = this.walker.walk(low, high, ACCESS.PROBE);
    return found.fault >= 0 ? undefined : this.#mask(found.page + (low & 0xfff));
  }

  // ---- reads: zero-extended, 32-bit ones as int32 ----

  read8(low: number, high: number, how: number): number {
    const at = this.#locate(low, high, how, (how & HOW.FOR_WRITE) !== 0, 1);
    return at >= 0 ? this.#m8[at]! : this.#map.read(this.#gpa, 1);
  }

  read16(low: number, high: number, how: number): number {
    if ((low & 0xfff) > 0xffe) {
      this.#readSplit(low, high, 2, how);
      return this.#split.getUint16(0, true);
    }
    const at = this.#locate(low, high, how, (how & HOW.FOR_WRITE) !== 0, 2);
    return at >= 0 ? this.#view.getUint16(at, true) : this.#readDevice(2);
  }

  read32(low: number, high: number, how: number): number {
    if ((low & 0xfff) > 0xffc) {
      this.#readSplit(low, high, 4, how);
      return this.#split.getInt32(0, true);
    }
    const at = this.#locate(low, high, how, (how & HOW.FOR_WRITE) !== 0, 4);
    return at >= 0 ? this.#view.getInt32(at, true) : this.#readDevice(4) | 0;
  }

  /** Low half; the high half is left in `this.high`. */
  read64(low: number, high: number, how: number): number {
    if ((low & 0xfff) > 0xff8) {
      this.#readSplit(low, high, 8, how);
      this.high = this.#split.getInt32(4, true);
      return this.#split.getInt32(0, true);
    }
    const at = this.#locate(low, high, how, (how & HOW.FOR_WRITE) !== 0, 8);
    if (at >= 0) {
      this.high = this.#view.getInt32(at + 4, true);
      return this.#view.getInt32(at, true);
    }
    const lower = this.#readDevice(4) | 0;
    this.#gpa += 4;
    this.high = this.#readDevice(4) | 0;
    return lower;
  }

  // ---- writes ----

  write8(low: number, high: number, value: number, how: number): void {
    const at = this.#locate(low, high, how, true, 1);
    if (at < 0) this.#map.write(this.#gpa, 1, value & 0xff);
    else {
      this.#m8[at] = value;
      this.#wrote(at, 1);
    }
  }

  write16(low: number, high: number, value: number, how: number): void {
    if ((low & 0xfff) > 0xffe) {
      this.#split.setUint16(0, value, true);
      return this.#writeSplit(low, high, 2, how);
    }
    const at = this.#locate(low, high, how, true, 2);
    if (at < 0) this.#writeDevice(2, value & 0xffff);
    else {
      this.#view.setUint16(at, value, true);
      this.#wrote(at, 2);
    }
  }

  write32(low: number, high: number, value: number, how: number): void {
    if ((low & 0xfff) > 0xffc) {
      this.#split.setInt32(0, value, true);
      return this.#writeSplit(low, high, 4, how);
    }
    const at = this.#locate(low, high, how, true, 4);
    if (at < 0) this.#writeDevice(4, value >>> 0);
    else {
      this.#view.setInt32(at, value, true);
      this.#wrote(at, 4);
    }
  }

  write64(low: number, high: number, valueLow: number, valueHigh: number, how: number): void {
    if ((low & 0xfff) > 0xff8) {
      this.#split.setInt32(0, valueLow, true);
      this.#split.setInt32(4, valueHigh, true);
      return this.#writeSplit(low, high, 8, how);
    }
    const at = this.#locate(low, high, how, true, 8);
    if (at < 0) {
      this.#writeDevice(4, valueLow >>> 0);
      this.#gpa += 4;
      this.#writeDevice(4, valueHigh >>> 0);
    } else {
      this.#view.setInt32(at, valueLow, true);
      this.#view.setInt32(at + 4, valueHigh, true);
      this.#wrote(at, 8);
    }
  }

  /** Raises what writing `bytes` (at most 4096) bytes would raise. */
  probeWrite(low: number, high: number, bytes: number, how: number): void {
    this.#probe(low, high, bytes, how, true);
  }

  #probe(low: number, high: number, bytes: number, how: number, write: boolean): void {
    if (((low + bytes - 1) & 0xfffff000) === (low & 0xfffff000)) this.#locate(low, high, how, write, 1);
    else this.#locateBoth(low, high, bytes, how, write);
  }

  /**
   * Where an access on two pages begins on each, as `#locate`. A fault of the second page is at its first byte. That all bytes
   * are canonical is looked at before pages are.
   */
  #locateBoth(low: number, high: number, bytes: number, how: number, write: boolean): SplitPlace {
    const place = this.#place;
    const lastPage = (low + bytes - 1) & 0xfffff000;
    const upper = (high + (lastPage >>> 0 < low >>> 0 ? 1 : 0)) | 0;
    if (!this.#canonical(upper)) this.#faults.nonCanonical((how & HOW.STACK) !== 0);
    place.first = this.#locate(low, high, how, write, 1);
    place.second = this.#locate(lastPage, upper, how, write, 1);
    return place;
  }

  /**
   * Offset in the RAM buffer of an access that stays in its page, or -1. Bulk string moves use it.
   */
  locate(low: number, high: number, how: number, write: boolean): number {
    return this.#locate(low, high, how, write, 1);
  }

  /** To be called after RAM was written behind a `locate`. */
  wrote(offset: number, length: number): void {
    this.#wrote(offset, length);
  }

  #gpa = 0;
  readonly #splitBytes = new Uint8Array(8);
  readonly #split = new DataView(this.#splitBytes.buffer);
  readonly #place: SplitPlace = { first: -1, second: -1 };

  /** Translates, fills the TLB, returns the RAM-buffer offset or -1 with the physical address in #gpa. */
  #locate(low: number, high: number, how: number, write: boolean, bytes: number): number {
    const user = (how & HOW.USER) !== 0;
    const table = this.tlb.tables[((user ? 2 : 0) + (write ? 1 : 0)) as 0 | 1 | 2 | 3];
    const hit = table.xor[low >>> 12]! ^ low;
    if (hit >= 0 && table.high[low >>> 12] === high) return hit;
    const found = this.#walk(low, high, (write ? ACCESS.WRITE : 0) | (user ? ACCESS.USER : 0), how);
    const page = this.#mask(found.page);
    this.misses.walks++;
    const region = this.#map.find(page);
    const inPage = low & 0xfff;
    this.#gpa = page + inPage;
    if (region === undefined || region.kind === 'mmio') {
      this.misses.devices++;
      return -1;
    }
    if (this.watchesAll || this.#watched.has(page)) {
      this.onWatch(low, high, bytes, write);
      return write && region.kind !== 'ram' ? -1 : region.offset + (page - region.base) + inPage;
    }
    const offset = region.offset + (page - region.base);
    const ram = region.kind === 'ram';
    if (write && !ram) return -1;
    if (offset < 0x80000000) {
      if (found.shift !== 12) this.tlb.noteLarge(low, found.shift);
      const kind = user ? 2 : 0;
      if (write) {
        if (this.#code.has(offset >>> 12)) this.misses.codeWrites++;
        else this.tlb.fill((kind + 1) as 1 | 3, low, high, offset, found.global);
      } else this.tlb.fill(kind as 0 | 2, low, high, offset, found.global);
    }
    return offset + inPage;
  }

  #walk(low: number, high: number, access: number, how: number): Translation {
    if (!this.#canonical(high)) this.#faults.nonCanonical((how & HOW.STACK) !== 0);
    const found = this.walker.walk(low, high, access);
    if (this.trace !== undefined) this.trace(describeWalk(low, high, access, found));
    if (found.fault >= 0) this.#faults.pageFault(low, high, found.fault);
    return found;
  }

  #canonical(high: number): boolean {
    return (high << 16) >> 16 === high;
  }

  #mask(gpa: number): number {
    return this.#a20 === -1 || (gpa & 0x100000) === 0 ? gpa : gpa - 0x100000;
  }

  #wrote(offset: number, length: number): void {
    if (this.#code.has(offset >>> 12)) this.#code.written(offset, length);
  }

  #writePhysical(gpa: number, value: number): void {
    this.#map.write(gpa, 4, value >>> 0);
  }

  /** Device accesses are split so that each is naturally aligned. */
  #readDevice(size: 2 | 4): number {
    const gpa = this.#gpa;
    if (gpa % size === 0) return this.#map.read(gpa, size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.#map.read(gpa + i, 1);
    return value;
  }

  #writeDevice(size: 2 | 4, value: number): void {
    const gpa = this.#gpa;
    if (gpa % size === 0) this.#map.write(gpa, size, value);
    else for (let i = 0; i < size; i++) this.#map.write(gpa + i, 1, (value >>> (8 * i)) & 0xff);
  }

  /** An access across a page end, to the first bytes of `#split`. Nothing is read before both pages are checked. */
  #readSplit(low: number, high: number, size: number, how: number): void {
    const { first, second } = this.#locateSplit(low, high, size, how, (how & HOW.FOR_WRITE) !== 0);
    const bytes = this.#splitBytes;
    const here = 4096 - (low & 0xfff);
    if (first >= 0 && second >= 0) {
      for (let i = 0; i < here; i++) bytes[i] = this.#m8[first + i]!;
      for (let i = here; i < size; i++) bytes[i] = this.#m8[second + i - here]!;
      return;
    }
    for (let i = 0; i < size; i++) {
      const at = (low + i) | 0;
      bytes[i] = this.read8(at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0, how);
    }
  }

  /** As `#readSplit`, from the first bytes of `#split`. */
  #writeSplit(low: number, high: number, size: number, how: number): void {
    const { first, second } = this.#locateSplit(low, high, size, how, true);
    const bytes = this.#splitBytes;
    const here = 4096 - (low & 0xfff);
    if (first >= 0 && second >= 0) {
      for (let i = 0; i < here; i++) this.#m8[first + i] = bytes[i]!;
      for (let i = here; i < size; i++) this.#m8[second + i - here] = bytes[i]!;
      this.#wrote(first, here);
      this.#wrote(second, size - here);
      return;
    }
    for (let i = 0; i < size; i++) {
      const at = (low + i) | 0;
      this.write8(at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0, bytes[i]!, how);
    }
  }

  /** As `#locateBoth`; `first` is negative as well where bytes are to go one by one because somebody watches. */
  #locateSplit(low: number, high: number, size: number, how: number, write: boolean): SplitPlace {
    this.misses.splits++;
    const place = this.#locateBoth(low, high, size, how, write);
    if (this.watchesAll || this.#watched.size > 0) place.first = -1;
    return place;
  }
}

/** Offsets in the RAM buffer, or -1. */
interface SplitPlace {
  first: number;
  second: number;
}

function describeWalk(low: number, high: number, access: number, found: Translation): string {
  const kind = (access & ACCESS.FETCH) !== 0 ? 'fetch' : (access & ACCESS.WRITE) !== 0 ? 'write' : 'read';
  const linear = hex((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0), 8);
  const who = (access & ACCESS.USER) !== 0 ? 'user' : 'supervisor';
  const result = found.fault >= 0 ? `fault e=${hex(found.fault)}` : `page ${hex(found.page, 8)}`;
  return `${kind} ${who} ${linear} ${result}`;
}
