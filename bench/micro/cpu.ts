import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgOptions, TcgVcpu, Tier } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { AR, CpuState, CR0, CR4, CS, DS, EFER, ES, FS, GS, SS, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';

export type Width = 32 | 64;

const RAM = 4 * 2 ** 20;
const PAGE = 4096;
const TABLES = 0x10000;
const STACK_TOP = 0x20000;
const CODE = 0x100000;
/** Where loads and stores of the benchmarks go; RSI points here, RDI a page further. */
export const DATA = 0x200000;
const HLT = 0xf4;

const RCX = 1;
const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;

/** A virtual CPU at CPL 0 with flat segments and 4 KiB pages, identity mapped. */
export class MicroCpu {
  readonly vcpu: TcgVcpu;
  readonly width: Width;
  readonly ram = allocateRam(RAM);
  #codeEnd = CODE;

  /** `options` of the virtual CPU beside its tier. */
  constructor(tier: Tier, width: Width, options: Pick<TcgOptions, 'jit' | 'limits'> = {}) {
    this.width = width;
    const memory = new AddressMap(this.ram);
    memory.add({ base: 0, length: RAM, name: 'ram', kind: 'ram', offset: 0 });
    const ports = { read: () => 0xff, write() {} };
    const interrupts = { pending: false, acknowledge: () => 0 };
    this.vcpu = createTcg(
      { memory, ports, interrupts },
      { model: parseCpuModel('max'), tier, tsc: () => 0n, ...options },
    );
    if (width === 64) this.#longTables();
    else this.#legacyTables();
    this.vcpu.writeState(this.#state());
  }

  /** Puts code on a page of its own; returns its address. */
  place(code: Uint8Array): number {
    const at = this.#codeEnd;
    this.ram.u8.set(code, at);
    this.#codeEnd += Math.ceil((code.length + 1) / PAGE) * PAGE;
    return at;
  }

  /** A loop over `body`, counted by EBP, and a HLT behind it; returns its address. */
  placeLoop(body: Uint8Array, copies: number): number {
    const repeated = Array.from({ length: copies }, () => [...body]).flat();
    const back = -(repeated.length + 8);
    // DEC EBP; JNZ rel32; HLT
    const tail = [0xff, 0xcd, 0x0f, 0x85, back & 0xff, (back >> 8) & 0xff, (back >> 16) & 0xff, (back >> 24) & 0xff];
    return this.place(Uint8Array.from([...repeated, ...tail, HLT]));
  }

  /** Runs from `entry` to the next HLT, with EBP set to `count`. */
  runLoop(entry: number, count: number): void {
    const { w } = this.vcpu;
    w[W.gpr + 2 * RBP] = count;
    w[W.gpr + 2 * RCX] = 5;
    w[W.gpr + 2 * RBX] = 7;
    w[W.gpr + 2 * RSI] = DATA;
    w[W.gpr + 2 * RDI] = DATA + PAGE;
    this.runFrom(entry);
  }

  /** Calls a function whose first two arguments are given; it returns to a HLT. */
  call(entry: number, first: number, second: number): void {
    const { w } = this.vcpu;
    this.ram.u8[CODE - 1] = HLT;
    this.ram.view.setUint32(STACK_TOP - 64, CODE - 1, true);
    this.ram.view.setUint32(STACK_TOP - 60, 0, true);
    const [a, b] = this.width === 64 ? [RDI, RSI] : [0, 2];
    w[W.gpr + 2 * a!] = first;
    w[W.gpr + 2 * b!] = second;
    w[W.gpr + 2 * RSP] = STACK_TOP - 64;
    this.runFrom(entry);
  }

  runFrom(entry: number): void {
    const { w } = this.vcpu;
    w[W.rip] = entry;
    w[W.halted] = 0;
    for (;;) {
      const exit = this.vcpu.run(1_000_000);
      if (exit.reason === 'halt') return;
      if (exit.reason !== 'budget') throw new Error(`the benchmark's guest code ended with ${JSON.stringify(exit)}`);
    }
  }

  #state(): CpuState {
    const long = this.width === 64;
    const state = new CpuState();
    state.set('rflags', 2n);
    state.set('cr0', BigInt((CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE) >>> 0));
    state.set('cr3', BigInt(TABLES));
    state.set('cr4', BigInt(CR4.OSFXSR | CR4.OSXMMEXCPT | (long ? CR4.PAE : 0)));
    state.set('efer', BigInt(long ? EFER.LME | EFER.LMA : 0));
    state.set('fcw', 0x37fn);
    state.set('mxcsr', 0x1f80n);
    state.set('gpr', BigInt(STACK_TOP), RSP);
    const data = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.G;
    this.#segment(state, CS, 8, data | AR.CODE | (long ? AR.L : AR.DB));
    for (const seg of [ES, SS, DS, FS, GS]) this.#segment(state, seg, 16, data | AR.DB);
    return state;
  }

  #segment(state: CpuState, seg: number, selector: number, attributes: number): void {
    state.set('selector', BigInt(selector), seg);
    state.set('attributes', BigInt(attributes), seg);
    state.set('limit', 0xffffffffn, seg);
    state.set('base', 0n, seg);
  }

  #longTables(): void {
    const put = (at: number, value: number): void => this.ram.view.setBigUint64(at, BigInt(value), true);
    for (let level = 0; level < 2; level++) put(TABLES + PAGE * level, (TABLES + PAGE * (level + 1)) | 3);
    for (let table = 0; table < RAM / (PAGE * 512); table++) {
      const at = TABLES + PAGE * (3 + table);
      put(TABLES + 2 * PAGE + 8 * table, at | 3);
      for (let page = 0; page < 512; page++) put(at + 8 * page, ((table * 512 + page) * PAGE) | 3);
    }
  }

  #legacyTables(): void {
    const { view } = this.ram;
    view.setUint32(TABLES, (TABLES + PAGE) | 3, true);
    for (let page = 0; page < RAM / PAGE; page++) view.setUint32(TABLES + PAGE + 4 * page, (page * PAGE) | 3, true);
  }
}
