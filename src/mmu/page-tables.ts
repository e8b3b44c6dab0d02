/**
 * Page walks as the SDM describes them (Vol. 3A chapter 4): 32-bit with PSE, PAE, and 4-level paging.
 * Physical addresses are plain numbers; table entries are two int32 words.
 */

/** What the walk needs to know; mode bits arrive as plain flags. */
export interface PagingConfig {
  /** CR0.PG. Without it linear addresses are physical ones. */
  enabled: boolean;
  /** CR4.PAE and EFER.LMA choose the format. */
  pae: boolean;
  long: boolean;
  /** CR4.PSE, CR0.WP, EFER.NXE, CR4.SMEP, CR4.SMAP. */
  pse: boolean;
  writeProtect: boolean;
  nx: boolean;
  smep: boolean;
  smap: boolean;
  /** RFLAGS.AC, which lifts SMAP for explicit supervisor accesses. */
  smapOverride: boolean;
  /** Physical address of the first table: CR3 without its low 12 (5 for PAE) bits. */
  root: number;
  /** The four PDPTE registers, low and high words, for PAE outside IA-32e mode. */
  pdpte: Int32Array;
  /** Process-context identifier; 0 while CR4.PCIDE is clear. */
  pcid: number;
}

/** Where tables are read and accessed/dirty bits are set. */
export interface TableMemory {
  /** int32 at a 4-byte aligned physical address. */
  read(gpa: number): number;
  write(gpa: number, value: number): void;
}

export const ACCESS = { WRITE: 1, USER: 2, FETCH: 4, /** No A/D bits, no fault: for debuggers. */ PROBE: 8 } as const;

/** Page-fault error code bits (SDM 3A 4.7). */
const PF = { P: 1, W: 2, U: 4, RSVD: 8, I: 16 } as const;

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;
const GLOBAL = 0x100;
const NX_HIGH = 0x80000000 | 0;
/** Physical address width as CPUID reports it: 40 bits. */
export const PHYSICAL_BITS = 40;
/** Reserved bits of an entry's high word: physical bits 40-51. */
const RESERVED_HIGH = 0x000fff00;

/** A finished walk. One object per walker, overwritten by the next walk. */
export class Translation {
  /** Physical address of the 4 KiB page. */
  page = 0;
  /** Accesses of this kind that would not fault and need no A/D update. */
  writable = false;
  user = false;
  global = false;
  /** log2 of the size of the page that the tables map: 12, 21, 22 or 30. */
  shift = 12;
  /** Leaf already dirty: writes may be cached. */
  dirty = false;
  /** -1, or the page-fault error code. */
  fault = -1;
}

export class PageWalker {
  readonly config: PagingConfig;
  readonly result = new Translation();
  readonly #memory: TableMemory;

  constructor(memory: TableMemory, config: PagingConfig) {
    this.#memory = memory;
    this.config = config;
  }

  /** Walks for one access (ACCESS bits). The address is canonical. */
  walk(low: number, high: number, access: number): Translation {
    const { config, result } = this;
    result.fault = -1;
    result.shift = 12;
    if (!config.enabled) {
      result.page = (low & 0xfffff000) >>> 0;
      result.writable = result.user = result.dirty = true;
      result.global = false;
      return result;
    }
    if (!config.pae) this.#walk32(low, access);
    else this.#walk64(low, high, access);
    return result;
  }

  #walk32(low: number, access: number): void {
    const memory = this.#memory;
    const { config, result } = this;
    const pdeAt = config.root + (low >>> 22) * 4;
    const pde = memory.read(pdeAt);
    if ((pde & PRESENT) === 0) return this.#fail(0, access);
    if ((pde & LARGE) !== 0 && config.pse) {
      // PSE-36: bits 13-20 are physical address bits 32-39, bit 21 is reserved (SDM 3A table 4-4).
      if ((pde & 0x200000) !== 0) return this.#fail(PF.P | PF.RSVD, access);
      if (!this.#permit(pde, false, access)) return;
      this.#touch(pdeAt, pde, access, true);
      result.page = ((pde & 0xffc00000) >>> 0) + ((pde >>> 13) & 0xff) * 0x100000000 + (low & 0x3ff000);
      result.shift = 22;
      return this.#leaf(pde, pde, access);
    }
    const pteAt = ((pde & 0xfffff000) >>> 0) + ((low >>> 12) & 0x3ff) * 4;
    const pte = memory.read(pteAt);
    if ((pte & PRESENT) === 0) return this.#fail(0, access);
    const rights = pde & pte;
    if (!this.#permit(rights, false, access)) return;
    this.#touch(pdeAt, pde, access, false);
    this.#touch(pteAt, pte, access, true);
    result.page = (pte & 0xfffff000) >>> 0;
    this.#leaf(rights, pte, access);
  }

  #walk64(low: number, high: number, access: number): void {
    const memory = this.#memory;
    const { config, result } = this;
    let rights = USER | WRITABLE;
    let noExecute = false;
    let table: number;
    let level: number;
    let pml4At = -1;
    let pml4 = 0;
    let pdptAt = -1;
    let pdpt = 0;
    const reserved = RESERVED_HIGH | (config.nx ? 0 : NX_HIGH);
    if (config.long) {
      pml4At = config.root + ((high >>> 7) & 0x1ff) * 8;
      pml4 = memory.read(pml4At);
      if ((pml4 & PRESENT) === 0) return this.#fail(0, access);
      const pml4High = memory.read(pml4At + 4);
      if ((pml4 & LARGE) !== 0 || (pml4High & reserved) !== 0) return this.#fail(PF.P | PF.RSVD, access);
      rights &= pml4;
      noExecute = pml4High < 0;
      pdptAt = address(pml4, pml4High) + (((high << 2) | (low >>> 30)) & 0x1ff) * 8;
      pdpt = memory.read(pdptAt);
      if ((pdpt & PRESENT) === 0) return this.#fail(0, access);
      const pdptHigh = memory.read(pdptAt + 4);
      if ((pdptHigh & reserved) !== 0) return this.#fail(PF.P | PF.RSVD, access);
      rights &= pdpt;
      noExecute ||= pdptHigh < 0;
      if ((pdpt & LARGE) !== 0) {
        if ((pdpt & 0x3fffe000) !== 0) return this.#fail(PF.P | PF.RSVD, access);
        if (!this.#permit(rights, noExecute, access)) return;
        this.#touch(pml4At, pml4, access, false);
        this.#touch(pdptAt, pdpt, access, true);
        result.page = address(pdpt & 0xc0000000, pdptHigh) + ((low & 0x3ffff000) >>> 0);
        result.shift = 30;
        return this.#leaf(rights, pdpt, access);
      }
      table = address(pdpt, pdptHigh);
      level = 2;
    } else {
      const index = low >>> 30;
      pdpt = config.pdpte[2 * index]!;
      if ((pdpt & PRESENT) === 0) return this.#fail(0, access);
      table = address(pdpt, config.pdpte[2 * index + 1]!);
      level = 1;
    }
    const pdeAt = table + ((low >>> 21) & 0x1ff) * 8;
    const pde = memory.read(pdeAt);
    if ((pde & PRESENT) === 0) return this.#fail(0, access);
    const pdeHigh = memory.read(pdeAt + 4);
    const reservedHere = level === 1 ? reserved | 0x7ff00000 : reserved;
    if ((pdeHigh & reservedHere) !== 0) return this.#fail(PF.P | PF.RSVD, access);
    rights &= pde;
    noExecute ||= pdeHigh < 0;
    if ((pde & LARGE) !== 0) {
      if ((pde & 0x1fe000) !== 0) return this.#fail(PF.P | PF.RSVD, access);
      if (!this.#permit(rights, noExecute, access)) return;
      this.#touchUpper(pml4At, pml4, pdptAt, pdpt, access);
      this.#touch(pdeAt, pde, access, true);
      result.page = address(pde & 0xffe00000, pdeHigh) + (low & 0x1ff000);
      result.shift = 21;
      return this.#leaf(rights, pde, access);
    }
    const pteAt = address(pde, pdeHigh) + ((low >>> 12) & 0x1ff) * 8;
    const pte = memory.read(pteAt);
    if ((pte & PRESENT) === 0) return this.#fail(0, access);
    const pteHigh = memory.read(pteAt + 4);
    if ((pteHigh & reservedHere) !== 0) return this.#fail(PF.P | PF.RSVD, access);
    rights &= pte;
    noExecute ||= pteHigh < 0;
    if (!this.#permit(rights, noExecute, access)) return;
    this.#touchUpper(pml4At, pml4, pdptAt, pdpt, access);
    this.#touch(pdeAt, pde, access, false);
    this.#touch(pteAt, pte, access, true);
    result.page = address(pte, pteHigh);
    this.#leaf(rights, pte, access);
  }

  /** Access rights (SDM 3A 4.6.1). */
  #permit(rights: number, noExecute: boolean, access: number): boolean {
    const { config } = this;
    const userPage = (rights & USER) !== 0;
    const writablePage = (rights & WRITABLE) !== 0;
    let allowed: boolean;
    if ((access & ACCESS.USER) !== 0) {
      allowed = userPage && (writablePage || (access & ACCESS.WRITE) === 0);
    } else {
      allowed = writablePage || !config.writeProtect || (access & ACCESS.WRITE) === 0;
      if (userPage && (access & ACCESS.FETCH) !== 0 && config.smep) allowed = false;
      if (userPage && (access & ACCESS.FETCH) === 0 && config.smap && !config.smapOverride) allowed = false;
    }
    if ((access & ACCESS.FETCH) !== 0 && noExecute) allowed = false;
    if ((access & ACCESS.PROBE) !== 0) return true;
    if (!allowed) this.#fail(PF.P, access);
    return allowed;
  }

  #fail(code: number, access: number): void {
    const { config } = this;
    const fetch = (access & ACCESS.FETCH) !== 0 && ((config.pae && config.nx) || config.smep);
    this.result.fault =
      code |
      ((access & ACCESS.WRITE) !== 0 ? PF.W : 0) |
      ((access & ACCESS.USER) !== 0 ? PF.U : 0) |
      (fetch ? PF.I : 0);
  }

  #touchUpper(pml4At: number, pml4: number, pdptAt: number, pdpt: number, access: number): void {
    if (pml4At < 0) return;
    this.#touch(pml4At, pml4, access, false);
    this.#touch(pdptAt, pdpt, access, false);
  }

  #touch(at: number, entry: number, access: number, leaf: boolean): void {
    if ((access & ACCESS.PROBE) !== 0) return;
    const bits = ACCESSED | (leaf && (access & ACCESS.WRITE) !== 0 ? DIRTY : 0);
    if ((entry & bits) !== bits) this.#memory.write(at, entry | bits);
  }

  #leaf(rights: number, entry: number, access: number): void {
    const { result } = this;
    result.user = (rights & USER) !== 0;
    result.writable = (rights & WRITABLE) !== 0;
    result.global = (entry & GLOBAL) !== 0;
    result.dirty = (entry & DIRTY) !== 0 || (access & ACCESS.WRITE) !== 0;
  }
}

const address = (low: number, high: number): number => ((low & 0xfffff000) >>> 0) + (high & 0xfffff) * 0x100000000;
