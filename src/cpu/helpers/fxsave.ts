import type { CpuContext } from '../context.ts';
import { raise, raiseGP, raiseUD, VECTOR } from '../fault.ts';
import { MODE } from '../mode.ts';
import { CR0, CR4, W } from '../state.ts';
import { MXCSR_MASK } from './vector-memory.ts';
import { ES_B, initialise, setControlWord, st } from './x87-stack.ts';

/** The legacy region (SDM volume 1, table 10-2) and the XSAVE header behind it (13.4.2), in bytes. */
const LEGACY = 512;
const HEADER = 64;
const MXCSR = 24;
const REGISTERS = 32;
const XMM = 160;
/** State components of XCR0. */
const X87 = 1;
const SSE = 2;

/** FXSAVE, FXRSTOR, XSAVE, XRSTOR. Addresses are linear, two words; `wide` is REX.W, `long` 64-bit mode. */
export function fxsaveHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;
  const area = new Int32Array((LEGACY + HEADER) / 4);
  const halves = new Uint16Array(area.buffer);

  const isLong = (): boolean => (w[W.mode] & MODE.CODE) === MODE.CODE_64;

  const readArea = (low: number, high: number, from: number, to: number): void => {
    const user = w[W.cpl] === 3;
    for (let at = from; at < to; at += 8) {
      const address = (low + at) | 0;
      area[at / 4] = memory.read64(address, address >>> 0 < low >>> 0 ? (high + 1) | 0 : high, user);
      area[at / 4 + 1] = w[W.hi];
    }
  };
  const writeArea = (low: number, high: number, from: number, to: number): void => {
    const user = w[W.cpl] === 3;
    for (let at = from; at < to; at += 8) {
      const address = (low + at) | 0;
      memory.write64(address, address >>> 0 < low >>> 0 ? (high + 1) | 0 : high, area[at / 4], area[at / 4 + 1], user);
    }
  };

  const collectX87 = (wide: boolean): void => {
    halves[0] = w[W.fcw];
    halves[1] = w[W.fsw];
    halves[2] = w[W.ftw];
    halves[3] = w[W.fop];
    area[2] = w[W.fip];
    area[3] = wide ? w[W.fip + 1] : w[W.fcs] & 0xffff;
    area[4] = w[W.fdp];
    area[5] = wide ? w[W.fdp + 1] : w[W.fds] & 0xffff;
    for (let i = 0; i < 8; i++) {
      const to = REGISTERS / 4 + 4 * i;
      const from = st(w, i);
      area[to] = w[from];
      area[to + 1] = w[from + 1];
      area[to + 2] = w[from + 2] & 0xffff;
      area[to + 3] = 0;
    }
  };
  const takeX87 = (wide: boolean): void => {
    w[W.fsw] = halves[1] & ~ES_B;
    w[W.ftw] = halves[2] & 0xff;
    setControlWord(w, halves[0]);
    w[W.fop] = halves[3] & 0x7ff;
    w[W.fip] = area[2];
    w[W.fip + 1] = wide ? area[3] : 0;
    w[W.fcs] = wide ? 0 : area[3] & 0xffff;
    w[W.fdp] = area[4];
    w[W.fdp + 1] = wide ? area[5] : 0;
    w[W.fds] = wide ? 0 : area[5] & 0xffff;
    for (let i = 0; i < 8; i++) {
      const from = REGISTERS / 4 + 4 * i;
      const to = st(w, i);
      w[to] = area[from];
      w[to + 1] = area[from + 1];
      w[to + 2] = area[from + 2] & 0xffff;
    }
  };

  /** XMM registers that the mode can name, in words. */
  const xmmWords = (): number => (isLong() ? 64 : 32);
  const collectSse = (): void => area.set(w.subarray(W.xmm, W.xmm + xmmWords()), XMM / 4);
  const takeSse = (): void => w.set(area.subarray(XMM / 4, XMM / 4 + xmmWords()), W.xmm);

  const requireXsave = (low: number): void => {
    if ((w[W.cr4] & CR4.OSXSAVE) === 0) raiseUD();
    if ((w[W.cr0] & CR0.TS) !== 0) raise(VECTOR.NM);
    if ((low & (HEADER - 1)) !== 0) raiseGP();
  };
  const checkMxcsr = (): void => {
    if ((area[MXCSR / 4] & ~MXCSR_MASK) !== 0) raiseGP();
  };

  return {
    fxsave(low: number, high: number, wide: number): void {
      if ((low & 15) !== 0) raiseGP();
      memory.probeWrite(low, high, LEGACY, w[W.cpl] === 3);
      area.fill(0);
      collectX87(wide !== 0);
      area[MXCSR / 4] = w[W.mxcsr];
      area[MXCSR / 4 + 1] = MXCSR_MASK;
      collectSse();
      // Bytes 464 to 511 belong to software.
      writeArea(low, high, 0, isLong() ? XMM + 256 : XMM + 128);
    },
    fxrstor(low: number, high: number, wide: number): void {
      if ((low & 15) !== 0) raiseGP();
      readArea(low, high, 0, LEGACY);
      checkMxcsr();
      takeX87(wide !== 0);
      w[W.mxcsr] = area[MXCSR / 4];
      takeSse();
    },

    /** SDM volume 1, 13.7: every requested component counts as in use. */
    xsave(low: number, high: number, wide: number, mask: number): void {
      requireXsave(low);
      memory.probeWrite(low, high, LEGACY + HEADER, w[W.cpl] === 3);
      const requested = mask & w[W.xcr0];
      readArea(low, high, LEGACY, LEGACY + 8);
      area[LEGACY / 4] |= requested;
      if ((requested & X87) !== 0) {
        collectX87(wide !== 0);
        writeArea(low, high, 0, MXCSR);
        writeArea(low, high, REGISTERS, XMM);
      }
      if ((requested & SSE) !== 0) {
        area[MXCSR / 4] = w[W.mxcsr];
        area[MXCSR / 4 + 1] = MXCSR_MASK;
        collectSse();
        writeArea(low, high, MXCSR, REGISTERS);
        writeArea(low, high, XMM, XMM + 4 * xmmWords());
      }
      writeArea(low, high, LEGACY, LEGACY + 8);
    },
    /** SDM volume 1, 13.8, standard form. */
    xrstor(low: number, high: number, wide: number, mask: number): void {
      requireXsave(low);
      readArea(low, high, 0, LEGACY + HEADER);
      const header = LEGACY / 4;
      const present = area[header];
      if ((present & ~w[W.xcr0]) !== 0 || area[header + 1] !== 0) raiseGP();
      for (let i = header + 2; i < header + 6; i++) if (area[i] !== 0) raiseGP();
      const requested = mask & w[W.xcr0];
      if ((requested & SSE) !== 0) checkMxcsr();
      if ((requested & X87) !== 0) {
        if ((present & X87) !== 0) takeX87(wide !== 0);
        else {
          initialise(w);
          w.fill(0, W.st, W.st + 32);
        }
      }
      if ((requested & SSE) === 0) return;
      w[W.mxcsr] = area[MXCSR / 4];
      if ((present & SSE) !== 0) takeSse();
      else w.fill(0, W.xmm, W.xmm + xmmWords());
    },
  };
}
