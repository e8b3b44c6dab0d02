import type { CodeLimits } from '../../src/accel/tcg/code-keeper.ts';
import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { JitOptions } from '../../src/accel/tcg/jit/options.ts';
import type { TcgVcpu, Tier } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { AR, CpuState, CR0, CR4, CS, EFER, FIELDS, type FieldName, GS, LDTR, SS, TR, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { seeded } from '../support/random.ts';
import { entryOf, handlerOf, handlers, INTR_VECTOR, VECTORS } from './handlers.ts';
import * as at from './layout.ts';
import { type Assembled, assemble, type Program } from './program.ts';

/** How a program ended. */
export interface Outcome {
  readonly reason: string;
  readonly instructions: number;
  readonly state: CpuState;
  readonly ram: Uint8Array;
  /** Faults, as text. */
  readonly log: readonly string[];
}

/** Fields that a program can see. */
export const COMPARED: readonly FieldName[] = (
  'gpr rip rflags flagA mode cpl interruptShadow debugTrap halted selector attributes limit base cr0 cr2 cr3 dr fcw fsw ' +
  'ftw fop fip fdp mxcsr st xmm'
).split(' ') as FieldName[];

/** Programs that run longer are given up. */
const MOST_INSTRUCTIONS = 120_000;

/** A CPU and its memory; runs one program after the other. */
export class DiffMachine {
  readonly vcpu: TcgVcpu;
  readonly #ram = allocateRam(at.RAM_BYTES);
  readonly #interrupts = {
    pending: false,
    acknowledge(): number {
      this.pending = false;
      return INTR_VECTOR;
    },
  };

  constructor(tier: Tier, jit: JitOptions = {}, limits: Partial<CodeLimits> = {}) {
    const memory = new AddressMap(this.#ram);
    memory.add({ base: 0, length: at.RAM_BYTES, name: 'ram', kind: 'ram', offset: 0 });
    const ports = { read: () => 0xff, write() {} };
    const board = { memory, ports, interrupts: this.#interrupts };
    const model = parseCpuModel('max');
    this.vcpu = createTcg(board, { model, tier, tsc: () => 0n, jit, loopAfter: 0, limits });
  }

  run(program: Program): Outcome {
    const { vcpu } = this;
    const before = vcpu.instructions;
    this.#fill(program, assemble(program));
    this.#interrupts.pending = false;
    vcpu.writeState(stateFor(program));
    vcpu.code.clear();
    let reason = 'too long';
    for (let n = 0; vcpu.instructions - before < MOST_INSTRUCTIONS; n++) {
      const exit = vcpu.run(program.slices[n % program.slices.length]!);
      if (exit.reason === 'fatal') reason = exit.message;
      else if (exit.reason !== 'budget') reason = exit.reason;
      else {
        if (program.interrupts) {
          this.#interrupts.pending = true;
          vcpu.interruptChanged();
        }
        continue;
      }
      break;
    }
    const state = new CpuState();
    vcpu.readState(state);
    // Explicit flags have no upper half.
    state.words[W.flagA + 1] = 0;
    return { reason, instructions: vcpu.instructions - before, state, ram: this.#ram.u8.slice(), log: this.#log() };
  }

  #log(): string[] {
    const { view } = this.#ram;
    const entries: string[] = [];
    for (let p = at.LOG; p < Math.min(view.getUint32(at.LOG_POINTER, true), at.LOG + at.LOG_BYTES); p += 32) {
      const word = (n: number): string => view.getUint32(p + 4 * n, true).toString(16);
      entries.push(`vector ${word(0)} error ${word(1)} rip ${word(2)} cr2 ${word(3)} rflags ${word(4)}`);
    }
    return entries;
  }

  #fill({ world, seed }: Program, { pieces, tables }: Assembled): void {
    const { u8, view } = this.#ram;
    const random = seeded(seed ^ 0x5bd1e995);
    u8.fill(0);
    for (let p = at.DATA; p < at.STACK_END; p += 2) view.setUint16(p, random(0x10000), true);
    u8.set(handlers(world), at.HANDLERS);
    view.setUint32(at.LOG_POINTER, at.LOG, true);
    for (const { at: place, bytes } of [...pieces, ...tables]) u8.set(bytes, place);
    if (world.real) this.#vectors();
    else {
      this.#pageTables(world);
      this.#descriptors(world);
    }
  }

  #vectors(): void {
    for (let vector = 0; vector < VECTORS; vector++) this.#ram.view.setUint32(4 * vector, handlerOf(vector), true);
  }

  #pageTables(world: at.World): void {
    const { view } = this.#ram;
    if (world.code === 64) {
      const [pml4, pdpt, highPdpt, pd] = [0, 1, 2, 3].map((n) => at.TABLES + n * at.PAGE);
      view.setUint32(pml4!, pdpt! | 7, true);
      view.setUint32(pml4! + 8 * 511, highPdpt! | 7, true);
      view.setUint32(pdpt!, pd! | 7, true);
      view.setUint32(highPdpt! + 8 * 510, pd! | 7, true);
      view.setUint32(pd!, (at.TABLES + 4 * at.PAGE) | 7, true);
    } else {
      view.setUint32(at.TABLES, (at.TABLES + at.PAGE) | 7, true);
    }
    for (let linear = 0; linear < at.RAM_BYTES; linear += at.PAGE) {
      if (at.isUnmapped(linear)) continue;
      const bits = (at.isUser(linear) ? 4 : 0) | (at.isWritable(linear) ? 2 : 0) | 1;
      const frame = linear === at.TABLE_WINDOW ? entryOf(world, 0) : at.frameOf(linear);
      view.setUint32(entryOf(world, linear), frame | bits, true);
    }
  }

  #descriptors(world: at.World): void {
    const { view } = this.#ram;
    const long = world.code === 64;
    const put = (selector: number, { base, limit, attributes }: at.Segment): void => {
      const units = (attributes & AR.G) !== 0 ? limit >>> 12 : limit;
      view.setUint32(at.GDT + (selector & ~7), (units & 0xffff) | (base << 16), true);
      const upper = ((base >>> 16) & 0xff) | ((attributes & 0xf0ff) << 8) | (units & 0xf0000) | (base & 0xff000000);
      view.setUint32(at.GDT + (selector & ~7) + 4, upper, true);
    };
    const kernel = AR.P | AR.S | AR.G | AR.WRITABLE | AR.ACCESSED;
    put(8, { base: 0, limit: -1, attributes: kernel | AR.CODE | (long ? AR.L : AR.DB) });
    put(0x10, { base: 0, limit: -1, attributes: kernel | AR.DB });
    world.segments.forEach((segment, seg) => {
      put(at.selectorOf(world, seg), segment);
    });
    for (let vector = 0; vector < VECTORS; vector++) {
      const gate = at.IDT + vector * (long ? 16 : 8);
      const handler = handlerOf(vector);
      view.setUint32(gate, 0x80000 | (handler & 0xffff), true);
      view.setUint32(gate + 4, (handler & 0xffff0000) | 0xee00 | (long ? 1 : 0), true);
    }
    if (long) {
      view.setUint32(at.TSS + 4, at.KERNEL_STACK, true);
      view.setUint32(at.TSS + 0x24, at.KERNEL_STACK, true);
    } else {
      view.setUint32(at.TSS + 4, at.KERNEL_STACK, true);
      view.setUint32(at.TSS + 8, 0x10, true);
    }
  }
}

function stateFor(program: Program): CpuState {
  const { world, seed, sections } = program;
  const long = world.code === 64;
  const state = new CpuState();
  const random = seeded(seed ^ 0x2545f491);
  for (let reg = 0; reg < (long ? 16 : 8); reg++) {
    const high = long && random(2) === 0 ? random(0x10000) : 0;
    state.set('gpr', (BigInt(high) << 32n) | BigInt(random(0x10000) * 0x10000 + random(0x10000)), reg);
  }
  for (let n = 0; n < (long ? 16 : 8) * 8; n++) state.u16[2 * FIELDS.xmm.word + n] = random(0x10000);
  const stack = at.offsetIn(world, SS, at.STACK_END - 0x40);
  state.set('gpr', BigInt.asUintN(long ? 64 : 32, BigInt(stack)), 4);
  const ip = at.offsetIn(world, CS, sections[0]!.at);
  state.set('rip', BigInt.asUintN(long ? 64 : 32, BigInt(ip)));
  state.set('rflags', program.interrupts ? 0x202n : 2n);
  state.set('cpl', world.user ? 3n : 0n);
  for (let seg = 0; seg <= GS; seg++) {
    const { base, limit, attributes } = world.segments[seg]!;
    state.set('selector', BigInt(at.selectorOf(world, seg)), seg);
    state.set('base', BigInt(base), seg);
    state.set('limit', BigInt(limit >>> 0), seg);
    state.set('attributes', BigInt(attributes), seg);
  }
  state.set('attributes', BigInt(AR.UNUSABLE), LDTR);
  state.set('selector', BigInt(at.TSS_SELECTOR), TR);
  state.set('base', BigInt(at.TSS), TR);
  state.set('limit', 0x67n, TR);
  state.set('attributes', 0x8bn, TR);
  const protection = world.real ? 0 : CR0.PE | CR0.PG | CR0.WP | CR0.AM;
  state.set('cr0', BigInt((protection | CR0.ET | CR0.NE | CR0.MP) >>> 0));
  state.set('cr3', BigInt(at.TABLES));
  state.set('cr4', BigInt(CR4.OSFXSR | CR4.OSXMMEXCPT | (long ? CR4.PAE : 0)));
  state.set('efer', BigInt(long ? EFER.LME | EFER.LMA : 0));
  state.set('gdtrBase', BigInt(at.GDT));
  state.set('gdtrLimit', 0xffn);
  state.set('idtrBase', BigInt(world.real ? 0 : at.IDT));
  state.set('idtrLimit', 0x7ffn);
  state.set('fcw', 0x37fn);
  state.set('mxcsr', 0x1f80n);
  state.set('xcr0', 1n);
  return state;
}
