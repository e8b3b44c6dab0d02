import type { LinearMemory } from '../../cpu/context.ts';
import { CR0, CR3, CR4, EFER, FLAG, W } from '../../cpu/state.ts';
import { HOW, type Mmu } from '../../mmu/mmu.ts';
import type { PagingConfig } from '../../mmu/page-tables.ts';

const how = (user: boolean): number => (user ? HOW.USER : 0);

/** The MMU as run-time helpers see it. */
export function linearMemory(w: Int32Array, mmu: Mmu): LinearMemory {
  let lastKey = 0;

  /** Anything but a plain MOV CR3 drops global translations as well (SDM 3A 4.10.4.1). */
  function pagingModeChanged(): boolean {
    const key = w[W.cr0]! ^ (w[W.cr4]! << 1) ^ (w[W.efer]! << 3);
    const changed = key !== lastKey;
    lastKey = key;
    return changed;
  }

  /** Offset in the RAM buffer of a byte whose page the TLB knows, or -1. Such a page holds no code if writable. */
  function direct(low: number, high: number, write: boolean, user: boolean): number {
    const { xor, high: tags } = mmu.tlb.tables[((user ? 2 : 0) + (write ? 1 : 0)) as 0 | 1 | 2 | 3];
    const offset = xor[low >>> 12]! ^ low;
    return offset >= 0 && tags[low >>> 12] === high ? offset : -1;
  }

  return {
    move(toLow, toHigh, fromLow, fromHigh, bytes, down, user) {
      const to = direct(toLow, toHigh, true, user);
      const from = direct(fromLow, fromHigh, false, user);
      if (to < 0 || from < 0) return false;
      const ahead = down ? from - to : to - from;
      if (ahead > 0 && ahead < bytes) return false;
      mmu.map.ram.u8.copyWithin(to, from, from + bytes);
      return true;
    },
    fill(low, high, count, size, valueLow, valueHigh, user) {
      const at = direct(low, high, true, user);
      if (at < 0) return false;
      const { ram } = mmu.map;
      if (size === 1) ram.u8.fill(valueLow, at, at + count);
      else if ((at & (size - 1)) !== 0) return false;
      else if (size === 2) ram.u16.fill(valueLow, at >> 1, (at >> 1) + count);
      else if (size === 4 || valueLow === valueHigh) ram.i32.fill(valueLow, at >> 2, (at + count * size) >> 2);
      else return false;
      return true;
    },
    read8: (low, high, user) => mmu.read8(low, high, how(user)),
    read16: (low, high, user) => mmu.read16(low, high, how(user)),
    read32: (low, high, user) => mmu.read32(low, high, how(user)),
    read64(low, high, user) {
      const value = mmu.read64(low, high, how(user));
      w[W.hi] = mmu.high;
      return value;
    },
    write8: (low, high, value, user) => mmu.write8(low, high, value, how(user)),
    write16: (low, high, value, user) => mmu.write16(low, high, value, how(user)),
    write32: (low, high, value, user) => mmu.write32(low, high, value, how(user)),
    write64: (low, high, valueLow, valueHigh, user) => mmu.write64(low, high, valueLow, valueHigh, how(user)),
    probeWrite: (low, high, bytes, user) => mmu.probeWrite(low, high, bytes, how(user)),
    flush: (globals) => mmu.flush(globals),
    flushPage: (low) => mmu.flushPage(low),
    readPhysical32: (address) => mmu.map.read(address, 4) | 0,
    pagingChanged() {
      takePaging(w, mmu.walker.config);
      mmu.flush(pagingModeChanged() || (w[W.cr4]! & CR4.PGE) === 0);
    },
    contextChanged(keep) {
      takePaging(w, mmu.walker.config);
      mmu.contextChanged(keep);
    },
  };
}

export const createPagingConfig = (): PagingConfig => ({
  enabled: false,
  pae: false,
  long: false,
  pse: false,
  writeProtect: false,
  nx: false,
  smep: false,
  smap: false,
  smapOverride: false,
  root: 0,
  pcid: 0,
  pdpte: new Int32Array(8),
});

/** Copies what paging depends on from the state. */
export function takePaging(w: Int32Array, config: PagingConfig): void {
  const cr0 = w[W.cr0]!;
  const cr4 = w[W.cr4]!;
  const efer = w[W.efer]!;
  config.enabled = (cr0 & CR0.PG) !== 0;
  config.writeProtect = (cr0 & CR0.WP) !== 0;
  config.pae = (cr4 & CR4.PAE) !== 0;
  config.pse = (cr4 & CR4.PSE) !== 0;
  config.smep = (cr4 & CR4.SMEP) !== 0;
  config.smap = (cr4 & CR4.SMAP) !== 0;
  config.smapOverride = (w[W.rflags]! & FLAG.AC) !== 0;
  config.long = (efer & EFER.LMA) !== 0;
  config.nx = (efer & EFER.NXE) !== 0;
  const low = w[W.cr3]!;
  config.root =
    ((low & (config.pae && !config.long ? 0xffffffe0 : 0xfffff000)) >>> 0) + (w[W.cr3 + 1]! & 0xfffff) * 0x100000000;
  config.pcid = (cr4 & CR4.PCIDE) !== 0 ? low & CR3.PCID : 0;
  config.pdpte.set(w.subarray(W.pdpte, W.pdpte + 8));
}
