import type { CpuModel } from './cpuid.ts';
import { updateMode } from './mode.ts';
import { AR, type CpuState, CR0, CS, GS, LDTR, RDX, TR, W } from './state.ts';

const DATA = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED;
const LDT = AR.P | 2;
const BUSY_TSS_32 = AR.P | 11;

/** State after RESET# (SDM 3A table 9-1): real-address mode at FFFFFFF0h, processor signature in EDX. */
export function resetState(state: CpuState, model: CpuModel): void {
  const w = state.words;
  w.fill(0);
  for (let seg = 0; seg <= TR; seg++) {
    w[W.attributes + seg] = seg <= GS ? DATA : seg === LDTR ? LDT : BUSY_TSS_32;
    w[W.limit + seg] = 0xffff;
  }
  w[W.selector + CS] = 0xf000;
  w[W.attributes + CS] = DATA | AR.CODE;
  w[W.base + 2 * CS] = 0xffff0000 | 0;
  w[W.rip] = 0xfff0;
  w[W.rflags] = 2;
  w[W.gpr + 2 * RDX] = model.cpuid(1, 0)[0];
  w[W.gdtrLimit] = 0xffff;
  w[W.idtrLimit] = 0xffff;
  w[W.cr0] = CR0.CD | CR0.NW | CR0.ET;
  state.set('dr', 0xffff0ff0n, 6);
  state.set('dr', 0x400n, 7);
  state.set('xcr0', 1n);
  state.set('apicBase', 0xfee00900n);
  state.set('pat', 0x0007040600070406n);
  state.set('miscEnable', 1n);
  w[W.fcw] = 0x40;
  // Tag word 5555h: every register holds +0.0.
  w[W.ftw] = 0xff;
  w[W.mxcsr] = 0x1f80;
  updateMode(w);
}
