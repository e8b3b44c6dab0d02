import type { CpuContext, LinearMemory, PortAccess } from '../../src/cpu/context.ts';
import { type CpuModel, parseCpuModel } from '../../src/cpu/cpuid.ts';
import { isGuestFault, raise, VECTOR } from '../../src/cpu/fault.ts';
import { createHelpers } from '../../src/cpu/helpers/index.ts';
import { updateMode } from '../../src/cpu/mode.ts';
import { resetState } from '../../src/cpu/reset.ts';
import { AR, CpuState, CR0, CR4, CS, DS, EFER, ES, SS, TR, W } from '../../src/cpu/state.ts';

const SIZE = 0x100000;
const GDT = 0x1000;
const IDT = 0x2000;
export const TSS = 0x3000;

/** Selectors of the descriptors that every FakeCpu has. */
export const SEL = { CODE0: 0x08, DATA0: 0x10, CODE3: 0x1b, DATA3: 0x23, TSS: 0x28, CODE16: 0x40, FREE: 0x50 } as const;
/** Access bytes: present, S, type; DPL in bits 5-6. */
export const ACCESS = { CODE0: 0x9b, DATA0: 0x93, CODE3: 0xfb, DATA3: 0xf3, TSS: 0x89, BUSY_TSS: 0x8b } as const;

type Helper = (...args: number[]) => number;

/** A CPU without instructions: helpers run on a flat memory of 1 MiB in which pages can be made to fault. */
export class FakeCpu implements CpuContext {
  readonly state = new CpuState();
  readonly w = this.state.words;
  readonly view = new DataView(new ArrayBuffer(SIZE));
  readonly model: CpuModel;
  readonly interrupts = { pending: false, acknowledge: () => 0 };
  /** Port writes as [port, size, value]. */
  readonly written: [number, number, number][] = [];
  readonly ports: PortAccess;
  readonly memory: LinearMemory;
  readonly faulting = new Set<number>();
  readonly call: Readonly<Record<string, Helper>>;
  pagingChanges = 0;
  /** Loads of CR3 with CR4.PCIDE set, by whether translations were to be kept. */
  readonly contextChanges: boolean[] = [];
  ticks = 1000n;
  traceInterrupt = undefined;
  ferr = undefined;

  constructor(mode: 'real' | 'protected' | 'long', model = 'max') {
    const { view, w } = this;
    this.model = parseCpuModel(model);
    this.ports = {
      read: (port) => port,
      write: (port, size, value) => this.written.push([port, size, value]),
    };
    const at = (low: number, high: number, bytes: number): number => {
      const address = low >>> 0;
      if (high !== 0 || address + bytes > SIZE)
        throw new Error(`fake memory ends before ${high}:${address.toString(16)}`);
      for (const page of [address >>> 12, (address + bytes - 1) >>> 12]) {
        if (this.faulting.has(page)) raise(VECTOR.PF, 0);
      }
      return address;
    };
    this.memory = {
      move: () => false,
      fill: () => false,
      read8: (low, high) => view.getUint8(at(low, high, 1)),
      read16: (low, high) => view.getUint16(at(low, high, 2), true),
      read32: (low, high) => view.getInt32(at(low, high, 4), true),
      read64(low, high) {
        w[W.hi] = view.getInt32(at(low, high, 8) + 4, true);
        return view.getInt32(low >>> 0, true);
      },
      write8: (low, high, value) => view.setUint8(at(low, high, 1), value),
      write16: (low, high, value) => view.setUint16(at(low, high, 2), value, true),
      write32: (low, high, value) => view.setInt32(at(low, high, 4), value, true),
      write64(low, high, valueLow, valueHigh) {
        view.setInt32(at(low, high, 8), valueLow, true);
        view.setInt32((low >>> 0) + 4, valueHigh, true);
      },
      probeWrite: (low, high, bytes) => void at(low, high, bytes),
      flush() {},
      flushPage() {},
      pagingChanged: () => void this.pagingChanges++,
      contextChanged: (keep) => void this.contextChanges.push(keep),
      readPhysical32: (address) => view.getInt32(address, true),
    };
    this.call = createHelpers(this) as unknown as Record<string, Helper>;
    resetState(this.state, this.model);
    if (mode !== 'real') this.#protect(mode === 'long');
  }

  tsc = (): bigint => this.ticks++;
  attention(): void {}

  /** Writes descriptor `selector` of the GDT. `flags`: G, D/B, L, AVL as the upper nibble (0xC0 = G and D). */
  describe(selector: number, base: number, limit: number, access: number, flags = 0): void {
    this.put64(GDT + (selector & 0xfff8), descriptor(base, limit, access, flags));
  }

  /** Writes an IDT entry of 8 bytes, or 16 in long mode. `access`: present, DPL, type. */
  gate(vector: number, selector: number, offset: bigint, access: number, ist = 0): void {
    const low = (offset & 0xffffn) | (BigInt(selector) << 16n) | (BigInt(ist) << 32n);
    const entry = low | (BigInt(access) << 40n) | ((offset & 0xffff0000n) << 32n);
    const long = (this.w[W.efer]! & EFER.LMA) !== 0;
    this.put64(IDT + vector * (long ? 16 : 8), entry);
    if (long) this.put64(IDT + vector * 16 + 8, offset >> 32n);
  }

  put64(address: number, value: bigint): void {
    this.view.setBigUint64(address, BigInt.asUintN(64, value), true);
  }

  put32(address: number, ...values: number[]): void {
    values.forEach((value, n) => {
      this.view.setUint32(address + 4 * n, value >>> 0, true);
    });
  }

  get32(address: number, count: number): number[] {
    return Array.from({ length: count }, (_, n) => this.view.getUint32(address + 4 * n, true));
  }

  get64(address: number, count: number): bigint[] {
    return Array.from({ length: count }, (_, n) => this.view.getBigUint64(address + 8 * n, true));
  }

  typeByte(selector: number): number {
    return this.view.getUint8(GDT + (selector & 0xfff8) + 5);
  }

  /** Loads CS and SS (and DS, ES) for a level, and CPL. */
  enter(cpl: 0 | 3): void {
    const { w } = this;
    const long = (w[W.efer]! & EFER.LMA) !== 0;
    const dpl = cpl << AR.DPL_SHIFT;
    w[W.cpl] = cpl;
    const code = cpl === 0 ? SEL.CODE0 : SEL.CODE3;
    const data = cpl === 0 ? SEL.DATA0 : SEL.DATA3;
    this.#segment(CS, code, 0x9b | dpl | AR.G | (long ? AR.L : AR.DB));
    for (const seg of [SS, DS, ES]) this.#segment(seg, data, 0x93 | dpl | AR.G | AR.DB);
    updateMode(w);
  }

  /** Vector and error code of the fault that `action` raises, or 'none'. */
  faultOf(action: () => unknown): [vector: number, errorCode: number] | 'none' {
    try {
      action();
    } catch (fault) {
      if (!isGuestFault(fault)) throw fault;
      return [fault.vector, fault.errorCode];
    }
    return 'none';
  }

  #segment(seg: number, selector: number, attributes: number): void {
    const { w } = this;
    w[W.selector + seg] = selector;
    w[W.attributes + seg] = attributes;
    w[W.limit + seg] = -1;
    this.state.set('base', 0n, seg);
  }

  #protect(long: boolean): void {
    const { w, state } = this;
    w[W.cr0] = CR0.PE | CR0.ET | (long ? CR0.PG : 0);
    if (long) {
      w[W.efer] = EFER.LME | EFER.LMA | EFER.SCE;
      w[W.cr4] = CR4.PAE;
    }
    const code = long ? 0xa0 : 0xc0;
    this.describe(SEL.CODE0, 0, 0xfffff, ACCESS.CODE0, code);
    this.describe(SEL.DATA0, 0, 0xfffff, ACCESS.DATA0, 0xc0);
    this.describe(SEL.CODE3, 0, 0xfffff, ACCESS.CODE3, code);
    this.describe(SEL.DATA3, 0, 0xfffff, ACCESS.DATA3, 0xc0);
    this.describe(SEL.TSS, TSS, 0x67, ACCESS.BUSY_TSS);
    this.describe(SEL.CODE16, 0, 0xffff, ACCESS.CODE0);
    state.set('gdtrBase', BigInt(GDT));
    w[W.gdtrLimit] = 0xff;
    state.set('idtrBase', BigInt(IDT));
    w[W.idtrLimit] = 0xfff;
    w[W.selector + TR] = SEL.TSS;
    w[W.limit + TR] = 0x67;
    state.set('base', BigInt(TSS), TR);
    this.enter(0);
  }
}

/** A segment descriptor (SDM 3A figure 3-8). */
function descriptor(base: number, limit: number, access: number, flags: number): bigint {
  const low = (limit & 0xffff) | ((base & 0xffff) << 16);
  const high = ((base >>> 16) & 0xff) | (access << 8) | (limit & 0xf0000) | (flags << 16) | (base & 0xff000000);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
