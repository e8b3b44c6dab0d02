import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgOptions, TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { IoSpace } from '../../src/bus/io-space.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { arithmeticFlags, writeRflags } from '../../src/cpu/flags.ts';
import { updateMode } from '../../src/cpu/mode.ts';
import { AR, CR0, CR4, CS, EFER, ES, GS, RSP, SS, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import type { GuestRam } from '../../src/memory/ram.ts';
import { emits, optionsOf, type TestTier } from '../support/tiers.ts';
import { type Image, MEMORY, MEMORY_BYTES } from './image.ts';
import { compileAtRip, leadIn } from './jit-frame.ts';

const RAM_BYTES = 4 << 20;
const FIRST_CODE = 0x100000;
const CODE_STEP = 32;
/** Room in front of the code for what the jit tier puts there. */
const LEAD = 8;
const STACK = 0x80000;
const HLT = 0xf4;

/** A CPU in 64-bit mode with flat memory that runs single instructions, each at an address of its own. */
export class Guest {
  readonly vcpu: TcgVcpu;
  readonly ram: GuestRam;
  readonly #tier: TestTier;
  #code = FIRST_CODE;
  #trace = '';

  constructor(tier: TestTier, options: TcgOptions['jit'] = {}) {
    this.#tier = tier;
    this.ram = allocateRam(RAM_BYTES);
    const memory = new AddressMap(this.ram);
    memory.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM_BYTES, offset: 0 });
    const interrupts = { pending: false, acknowledge: () => 0 };
    const model = parseCpuModel('max');
    const { tier: name, jit } = optionsOf(tier);
    const machine = { memory, ports: new IoSpace(), interrupts };
    this.vcpu = createTcg(machine, { model, tier: name, jit: { ...jit, ...options }, tsc: () => 0n });
    this.vcpu.traceInterrupt = (line) => {
      if (this.#trace === '') this.#trace = line;
    };
    this.#enterLongMode();
  }

  /** Runs `code` from the image's state; returns the state it leaves. */
  run(before: Image, code: Uint8Array): Image {
    const { state, w } = this.vcpu;
    const at = this.#code + LEAD;
    this.#code += CODE_STEP;
    if (this.#code > RAM_BYTES) throw new Error('the guest has no room for more instructions');
    this.ram.u8.set(code, at);
    this.ram.u8[at + code.length] = HLT;
    this.ram.u8.set(before.memory, MEMORY);
    this.#load(before);
    state.set('rip', BigInt(at));
    this.#trace = '';
    const instructions = emits(this.#tier) ? this.#enterRegion(at, code) : 0;
    const exit = this.vcpu.run(instructions + 2);
    w[W.halted] = 0;
    if (exit.reason === 'fatal') throw new Error(exit.message);
    const after = before.copy();
    after.vector = this.#trace === '' ? 0 : Number.parseInt(/^v=([0-9a-f]+)/.exec(this.#trace)![1]!, 16);
    this.#save(after);
    return after;
  }

  /** Compiles the code with instructions in front of it; gives their number. */
  #enterRegion(at: number, code: Uint8Array): number {
    const { state, w } = this.vcpu;
    const { lead } = leadIn(this.ram.u8, at, code, w[W.mode]!);
    this.ram.u8[at + code.length] = HLT;
    state.set('rip', BigInt(at - lead));
    compileAtRip(this.vcpu);
    return lead;
  }

  #enterLongMode(): void {
    const { state, w } = this.vcpu;
    for (let seg = ES; seg <= GS; seg++) {
      w[W.attributes + seg] = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.DB | AR.G;
      w[W.limit + seg] = -1;
    }
    w[W.attributes + CS] = AR.P | AR.S | AR.CODE | AR.READABLE | AR.ACCESSED | AR.L | AR.G;
    w[W.selector + CS] = 8;
    w[W.selector + SS] = 16;
    state.set('cr0', BigInt(CR0.PE | CR0.ET | CR0.NE | CR0.MP));
    state.set('cr4', BigInt(CR4.OSFXSR | CR4.OSXMMEXCPT));
    state.set('efer', BigInt(EFER.LMA | EFER.LME));
    this.vcpu.writeState(state);
  }

  #load(image: Image): void {
    const { state, w } = this.vcpu;
    state.set('gpr', BigInt(STACK), RSP);
    for (let reg = 0; reg < 16; reg++) {
      if (reg !== RSP) state.set('gpr', image.gpr(reg), reg);
      state.bytes.set(image.xmm(reg), 4 * (W.xmm + 4 * reg));
    }
    w[W.fcw] = image.fcw;
    w[W.fsw] = image.fsw;
    w[W.ftw] = image.ftw;
    w[W.mxcsr] = image.mxcsr;
    for (let reg = 0; reg < 8; reg++) state.bytes.set(image.st(reg), 4 * (W.st + 4 * reg));
    writeRflags(w, image.rflags);
    updateMode(w);
  }

  #save(image: Image): void {
    const { state, w } = this.vcpu;
    for (let reg = 0; reg < 16; reg++) {
      if (reg !== RSP) image.setGpr(reg, state.get('gpr', reg));
      image.xmm(reg).set(state.bytes.subarray(4 * (W.xmm + 4 * reg), 4 * (W.xmm + 4 * reg + 4)));
    }
    image.fcw = w[W.fcw]!;
    image.fsw = w[W.fsw]!;
    image.ftw = w[W.ftw]!;
    image.mxcsr = w[W.mxcsr]!;
    for (let reg = 0; reg < 8; reg++)
      image.st(reg).set(state.bytes.subarray(4 * (W.st + 4 * reg), 4 * (W.st + 4 * reg) + 10));
    image.rflags = (w[W.rflags]! | arithmeticFlags(w)) & 0xfff;
    image.memory.set(this.ram.u8.subarray(MEMORY, MEMORY + MEMORY_BYTES));
  }
}
