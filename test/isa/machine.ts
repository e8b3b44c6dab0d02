import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { AR, CpuState, CR0, CR4, CS, DS, EFER, ES, FS, GS, SS, TR, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { emits, optionsOf, type TestTier } from '../support/tiers.ts';
import { CODE, DATA, PAGE, type State } from './cases.ts';
import { compileAtRip, leadIn } from './jit-frame.ts';

const RAM = 0x200000;
const TABLES = 0x10000;
const GDT = 0x18000;
const IDT = 0x19000;
const TSS = 0x1a000;
const HANDLERS = 0x20000;
const KERNEL_STACK = 0x30000;
const HLT = 0xf4;
const SHOWN_FLAGS = 0xcd7;

const USER_DATA = AR.P | AR.S | (3 << AR.DPL_SHIFT) | AR.WRITABLE | AR.ACCESSED;
const USER_CODE = USER_DATA | AR.CODE;

export type Width = 16 | 32 | 64;

/**
 * One virtual CPU at CPL 3 that runs single instructions: paging on, code and data where cases.ts has them,
 * a ring-0 handler of one HLT for each exception. 16-bit code has CS.base so that CODE is IP 800h, and a
 * 16-bit stack.
 */
export class TestMachine {
  readonly vcpu: TcgVcpu;
  readonly #ram = allocateRam(RAM);
  readonly #map = new AddressMap(this.#ram);
  readonly #state = new CpuState();
  readonly #tier: TestTier;
  readonly #width: Width;

  constructor(tier: TestTier, width: Width) {
    this.#tier = tier;
    this.#width = width;
    this.#map.add({ base: 0, length: RAM, name: 'ram', kind: 'ram', offset: 0 });
    const ports = { read: () => 0xff, write() {} };
    const interrupts = { pending: false, acknowledge: () => 0 };
    const board = { memory: this.#map, ports, interrupts };
    this.vcpu = createTcg(board, { model: parseCpuModel('max'), ...optionsOf(tier), tsc: () => 0n, loopAfter: 0 });
    if (width === 64) this.#longTables();
    else this.#legacyTables();
    for (let vector = 0; vector < 32; vector++) this.#ram.u8[HANDLERS + 16 * vector] = HLT;
    this.#segments();
  }

  /** Where RIP stands before the case. */
  get ip(): bigint {
    return this.#width === 16 ? BigInt(CODE & 0xffff) : BigInt(CODE);
  }

  /**
   * Runs the instruction (or iterations of it) from `before` and gives the state behind it, or at the fault.
   * The jit tier runs it once, behind other instructions of a region.
   */
  run(bytes: Uint8Array, before: State, instructions = 1): State {
    const state = this.#state;
    const { u8 } = this.#ram;
    this.#ram.u8.fill(HLT, CODE & ~(PAGE - 1), (CODE & ~(PAGE - 1)) + PAGE);
    u8.set(bytes, CODE);
    u8.set(before.data, DATA);
    for (const told of this.#map.onDeviceWrite) {
      told(CODE & ~(PAGE - 1), PAGE);
      told(DATA, PAGE);
    }
    before.regs.forEach((reg, n) => {
      state.set('gpr', reg, n);
    });
    state.set('rip', before.rip);
    state.set('rflags', BigInt((before.flags & 0x400) | 0x202));
    state.set('flagKind', 0n);
    state.set('flagA', BigInt(before.flags & 0x8d5));
    state.set('halted', 0n);
    state.set('cpl', 3n);
    this.#userSegments();
    this.vcpu.writeState(state);
    const tail = emits(this.#tier) ? this.#enterRegion(bytes) : undefined;
    const exit = this.vcpu.run(tail?.instructions ?? instructions);
    if (exit.reason === 'fatal') throw new Error(exit.message);
    const after = this.#result(new CpuState());
    if (tail !== undefined && after.vector < 0) after.rip -= BigInt(tail.bytes);
    return after;
  }

  /** Compiles the case with instructions around it. */
  #enterRegion(bytes: Uint8Array): { readonly bytes: number; readonly instructions: number } {
    const { state } = this.vcpu;
    const { lead, tail, instructions } = leadIn(this.#ram.u8, CODE, bytes, this.vcpu.w[W.mode]!);
    state.set('rip', state.get('rip') - BigInt(lead));
    compileAtRip(this.vcpu);
    return { bytes: tail, instructions };
  }

  #result(after: CpuState): State {
    this.vcpu.readState(after);
    const data = this.#ram.u8.slice(DATA, DATA + PAGE);
    const regs = Array.from({ length: 16 }, (_, n) => after.get('gpr', n));
    const rip = after.get('rip');
    const flags = Number((after.get('flagA') & 0x8d5n) | after.get('rflags'));
    if (after.get('cpl') === 3n) return { regs, rip, flags: flags & SHOWN_FLAGS, vector: -1, data };
    const { view } = this.#ram;
    const word = (n: number): bigint =>
      this.#width === 64
        ? view.getBigUint64(KERNEL_STACK - 8 * n, true)
        : BigInt(view.getUint32(KERNEL_STACK - 4 * n, true));
    regs[4] = word(2);
    const vector = Number(rip - BigInt(HANDLERS)) >> 4;
    return { regs, rip: word(5), flags: Number(word(3)) & SHOWN_FLAGS, vector, data };
  }

  // ---- tables ----

  #page(at: number): number {
    const user = at === DATA || at === (CODE & ~(PAGE - 1));
    return at | (user ? 7 : 3);
  }

  #longTables(): void {
    const { view } = this.#ram;
    const put = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
    for (let level = 0; level < 3; level++) put(TABLES + PAGE * level, (TABLES + PAGE * (level + 1)) | 7);
    for (let page = 0; page < 512; page++) put(TABLES + 3 * PAGE + 8 * page, this.#page(page * PAGE));
    view.setBigUint64(GDT + 8, 0x00209b0000000000n, true);
    for (let vector = 0; vector < 32; vector++) {
      const handler = HANDLERS + 16 * vector;
      view.setUint32(IDT + 16 * vector, 0x80000 | (handler & 0xffff), true);
      view.setUint32(IDT + 16 * vector + 4, (handler & 0xffff0000) | 0x8e00, true);
    }
    view.setBigUint64(TSS + 4, BigInt(KERNEL_STACK), true);
  }

  #legacyTables(): void {
    const { view } = this.#ram;
    view.setUint32(TABLES, (TABLES + PAGE) | 7, true);
    for (let page = 0; page < 512; page++) view.setUint32(TABLES + PAGE + 4 * page, this.#page(page * PAGE), true);
    view.setBigUint64(GDT + 8, 0x00cf9b000000ffffn, true);
    view.setBigUint64(GDT + 16, 0x00cf93000000ffffn, true);
    for (let vector = 0; vector < 32; vector++) {
      const handler = HANDLERS + 16 * vector;
      view.setUint32(IDT + 8 * vector, 0x80000 | (handler & 0xffff), true);
      view.setUint32(IDT + 8 * vector + 4, (handler & 0xffff0000) | 0x8e00, true);
    }
    view.setUint32(TSS + 4, KERNEL_STACK, true);
    view.setUint32(TSS + 8, 0x10, true);
  }

  #segments(): void {
    const state = this.#state;
    state.set('cr0', BigInt((CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE) >>> 0));
    state.set('cr3', BigInt(TABLES));
    state.set('cr4', BigInt(CR4.OSFXSR | (this.#width === 64 ? CR4.PAE : 0)));
    state.set('efer', BigInt(this.#width === 64 ? EFER.LME | EFER.LMA : 0));
    state.set('gdtrBase', BigInt(GDT));
    state.set('gdtrLimit', 0xffn);
    state.set('idtrBase', BigInt(IDT));
    state.set('idtrLimit', 0x1ffn);
    state.set('base', BigInt(TSS), TR);
    state.set('limit', 0x67n, TR);
    state.set('attributes', 0x8bn, TR);
    state.set('fcw', 0x37fn);
    state.set('mxcsr', 0x1f80n);
  }

  /** Selectors as Linux has them in a process. */
  #userSegments(): void {
    const long = this.#width === 64;
    const size = this.#width === 16 ? 0 : AR.DB;
    this.#segment(CS, long ? 0x33 : 0x23, USER_CODE | (long ? AR.L : size) | AR.G);
    this.#segment(SS, 0x2b, USER_DATA | size | AR.G);
    for (const seg of [ES, DS]) this.#segment(seg, long ? 0 : 0x2b, USER_DATA | AR.DB | AR.G);
    this.#segment(FS, 0, AR.UNUSABLE);
    this.#segment(GS, long ? 0 : 0x63, USER_DATA | AR.DB | AR.G);
    if (this.#width === 16) this.#state.set('base', BigInt(CODE & ~0xffff), CS);
  }

  #segment(seg: number, selector: number, attributes: number): void {
    const state = this.#state;
    state.set('selector', BigInt(selector), seg);
    state.set('attributes', BigInt(attributes), seg);
    state.set('limit', 0xffffffffn, seg);
    state.set('base', 0n, seg);
  }
}
