import { af, arithmeticFlags, cf, condition, of, pf, setCarries, sf, zf } from '../../cpu/flags.ts';
import { imulOverflow32, imulOverflow64, LIBRARY } from '../../cpu/ir/lib.ts';
import type { CpuState } from '../../cpu/state.ts';
import type { Arena } from '../../memory/arena.ts';
import type { GuestRam, WasmMemory } from '../../memory/ram.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import { x87Settler } from './jit/x87-settle.ts';
import { x87Unit } from './x87/unit.ts';

/** What generated text may name, and the only place where text becomes code. */
export class Environment {
  readonly names: Record<string, unknown>;
  /** Memory for what generated code itself reads and writes. */
  readonly arena: Arena;
  /** The memory that all of that lies in, when WebAssembly can be given it. */
  readonly memory: WasmMemory | undefined;

  constructor(state: CpuState, ram: GuestRam, mmu: Mmu, helpers: Readonly<Record<string, unknown>>, arena: Arena) {
    this.arena = arena;
    this.memory = ram.memory?.buffer === state.words.buffer ? ram.memory : undefined;
    const [kr, kw, ur, uw] = mmu.tlb.tables;
    const unit = x87Unit(state.words, ram.memory);
    this.names = {
      w: state.words,
      f64: state.f64,
      m8: ram.u8,
      m16: ram.u16,
      m32: ram.i32,
      dv: ram.view,
      mmu,
      krx: kr.xor,
      krh: kr.high,
      krb: kr.both,
      kwx: kw.xor,
      kwh: kw.high,
      kwb: kw.both,
      urx: ur.xor,
      urh: ur.high,
      urb: ur.both,
      uwx: uw.xor,
      uwh: uw.high,
      uwb: uw.both,
      rd8: mmu.read8.bind(mmu),
      rd16: mmu.read16.bind(mmu),
      rd32: mmu.read32.bind(mmu),
      rd64: mmu.read64.bind(mmu),
      wr8: mmu.write8.bind(mmu),
      wr16: mmu.write16.bind(mmu),
      wr32: mmu.write32.bind(mmu),
      wr64: mmu.write64.bind(mmu),
      x87Add: unit.add,
      x87Subtract: unit.subtract,
      x87Multiply: unit.multiply,
      x87Divide: unit.divide,
      x87Order: unit.order,
      x87Settle: x87Settler(state.words),
      cf,
      pf,
      af,
      zf,
      sf,
      of,
      condition,
      flagsOf: () => arithmeticFlags(state.words),
      arithmeticFlags,
      setCarries,
      imulOverflow32,
      imulOverflow64,
      ...LIBRARY,
    };
    for (const [name, helper] of Object.entries(helpers)) this.names[`h_${name}`] = helper;
  }

  /** Compiles `return ...` text that uses only the given names. */
  compile(text: string, uses: ReadonlySet<string>): unknown {
    for (const name of uses) {
      if (this.names[name] === undefined) throw new Error(`generated code names ${name}, which does not exist`);
    }
    return new Function(
      'E',
      `"use strict"; const { ${[...uses].join(', ')} } = E; ${text}\n//# sourceURL=emu:interpreter`,
    )(this.names);
  }

  /** As `compile`, with more names that only this text sees. */
  compileWith(text: string, uses: ReadonlySet<string>, own: Readonly<Record<string, unknown>>): unknown {
    const shared = [...uses].filter((name) => !(name in own));
    for (const used of shared) {
      if (this.names[used] === undefined) throw new Error(`generated code names ${used}, which does not exist`);
    }
    const body = `"use strict"; const { ${shared.join(', ')} } = E; ${text}\n//# sourceURL=emu:regions`;
    return new Function('E', ...Object.keys(own), body)(this.names, ...Object.values(own));
  }
}
