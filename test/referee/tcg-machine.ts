import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { readRflags, writeRflags } from '../../src/cpu/flags.ts';
import { updateMode } from '../../src/cpu/mode.ts';
import { DS, ES, FS, GS, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { compileAtRip, NOPS } from '../isa/jit-frame.ts';
import { emits, optionsOf, type TestTier } from '../support/tiers.ts';
import { readFrame } from './frame.ts';
import { AT, type Image, NO_RESULT } from './image.ts';
import { BASE, CODE, CODE_END, codeAt, DATA, PAGE, RAM_BYTES, WINDOWS, type World } from './layout.ts';
import { buildMemory, userState } from './memory.ts';
import type { SlotCase } from './silicon.ts';

const HLT = 0xf4;
const NOP = 0x90;
/** More than any case needs: only an endless loop does. */
const MOST_INSTRUCTIONS = 10_000;

/** A tier of the software CPU in the same guest. */
export class TcgMachine {
  readonly vcpu: TcgVcpu;
  readonly #tier: TestTier;
  readonly #ram = allocateRam(RAM_BYTES);
  readonly #map = new AddressMap(this.#ram);
  readonly #fresh: Int32Array;

  constructor(tier: TestTier, world: World) {
    this.#tier = tier;
    this.#map.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM_BYTES, offset: 0 });
    buildMemory(world, this.#ram.u8, this.#ram.view);
    const interrupts = { pending: false, acknowledge: () => 0 };
    const board = { memory: this.#map, ports: { read: () => -1, write() {} }, interrupts };
    // The interpreter's loops from the first case on.
    this.vcpu = createTcg(board, { model: parseCpuModel('max'), ...optionsOf(tier), tsc: () => 0n, loopAfter: 0 });
    const state = userState(world, BASE + CODE, true);
    this.vcpu.writeState(state);
    this.#fresh = state.words.slice();
  }

  run(cases: readonly SlotCase[]): Image[] {
    const results: Image[] = [];
    for (let from = 0; from < cases.length; ) {
      let to = from + 1;
      while (to < cases.length && cases[to]!.slot > cases[to - 1]!.slot) to++;
      const batch = cases.slice(from, to);
      this.#place(batch);
      for (const one of batch) results.push(this.#runOne(one));
      from = to;
    }
    return results;
  }

  #place(cases: readonly SlotCase[]): void {
    const { u8 } = this.#ram;
    u8.fill(HLT, CODE, CODE_END);
    for (const { slot, code } of cases) {
      const at = codeAt(slot);
      if (emits(this.#tier)) u8.fill(NOP, at - NOPS, at);
      u8.set(code, at);
    }
    for (const told of this.#map.onDeviceWrite) told(CODE, CODE_END - CODE);
    this.vcpu.code.clear();
  }

  #runOne({ before }: SlotCase): Image {
    const { w } = this.vcpu;
    this.#load(before);
    const ip = Number(before.rip);
    w[W.rip] = ip;
    if (emits(this.#tier)) {
      w[W.rip] = ip - NOPS;
      compileAtRip(this.vcpu);
    }
    const exit = this.vcpu.run(MOST_INSTRUCTIONS);
    const after = before.copy();
    if (exit.reason !== 'halt') {
      after.setException(NO_RESULT, 0, 0n);
      after.note = exit.reason === 'fatal' ? exit.message : exit.reason;
      return after;
    }
    this.#save(after);
    return after;
  }

  #load(image: Image): void {
    const { w, state } = this.vcpu;
    const { view, bytes } = image;
    const [generation, supervisorGeneration] = [w[W.generation]!, w[W.supervisorGeneration]!];
    w.set(this.#fresh);
    w[W.generation] = generation;
    w[W.supervisorGeneration] = supervisorGeneration;
    state.bytes.set(bytes.subarray(AT.gpr, AT.gpr + 128), 4 * W.gpr);
    state.bytes.set(bytes.subarray(AT.xmm, AT.xmm + 256), 4 * W.xmm);
    w[W.fcw] = view.getUint16(AT.fcw, true);
    w[W.fsw] = view.getUint16(AT.fsw, true);
    w[W.ftw] = bytes[AT.ftw]!;
    w[W.mxcsr] = view.getUint32(AT.mxcsr, true);
    const top = image.fsw >> 11;
    for (let n = 0; n < 8; n++) state.bytes.set(image.st(n), 4 * (W.st + 4 * ((top + n) & 7)));
    writeRflags(w, image.rflags);
    updateMode(w);
    const { u8 } = this.#ram;
    let from: number = AT.data;
    for (const { at, bytes: length } of WINDOWS) {
      u8.set(bytes.subarray(from, from + length), DATA + at);
      from += length;
    }
  }

  #save(after: Image): void {
    const { w, state } = this.vcpu;
    const { view, bytes } = after;
    bytes.set(state.bytes.subarray(4 * W.gpr, 4 * W.gpr + 128), AT.gpr);
    bytes.set(state.bytes.subarray(4 * W.xmm, 4 * W.xmm + 256), AT.xmm);
    view.setUint16(AT.fcw, w[W.fcw]!, true);
    view.setUint16(AT.fsw, w[W.fsw]!, true);
    bytes[AT.ftw] = w[W.ftw]!;
    view.setUint32(AT.mxcsr, w[W.mxcsr]!, true);
    const top = after.fsw >> 11;
    for (let n = 0; n < 8; n++) {
      const at = 4 * (W.st + 4 * ((top + n) & 7));
      after.st(n).set(state.bytes.subarray(at, at + 10));
    }
    after.rflags = readRflags(w);
    readFrame(after, this.#ram, state.get('rip'), state.get('cr2'));
    for (const seg of [ES, DS, FS, GS]) after.setSelector(seg, w[W.selector + seg]!);
    after.setBases(state.get('base', FS), state.get('base', GS));
    after.settle();
  }

  /** Clears the data outside of the windows. @returns the lowest address there that a case wrote to, which is astray. */
  sweep(): number | undefined {
    const { u8 } = this.#ram;
    let astray: number | undefined;
    for (let at = 0; at < 2 * PAGE; at++) {
      if (u8[DATA + at] === 0 || WINDOWS.some((w) => at >= w.at && at < w.at + w.bytes)) continue;
      u8[DATA + at] = 0;
      astray ??= DATA + at;
    }
    return astray;
  }
}
