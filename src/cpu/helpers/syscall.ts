import type { CpuContext } from '../context.ts';
import { raiseGP, raiseUD } from '../fault.ts';
import { readRflags, writeRflags } from '../flags.ts';
import { updateMode } from '../mode.ts';
import { AR, CR0, CS, EFER, FLAG, RCX, RDX, RSP, SS, W } from '../state.ts';
import { setRip } from './code-segment.ts';
import { is64Bit, isCanonical, isLongActive, setSegmentCache } from './descriptors.ts';

const R11 = 11;
const CODE = AR.P | AR.S | AR.CODE | AR.READABLE | AR.ACCESSED | AR.G;
const STACK = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.G | AR.DB;
/** Bit of W.debugTrap: the mask has cleared TF, so SYSCALL ends without a single-step trap. */
const NOT_STEPPED = 0x80000000 | 0;
const gpr = (n: number): number => W.gpr + 2 * n;

/** Loads flat CS and SS for `cpl` without reading descriptors, as SYSCALL and SYSENTER do. */
function enterFlat(w: Int32Array, code: number, stack: number, cpl: number, long: boolean): void {
  const dpl = cpl << AR.DPL_SHIFT;
  setSegmentCache(w, CS, code, CODE | dpl | (long ? AR.L : AR.DB), -1, 0);
  setSegmentCache(w, SS, stack, STACK | dpl, -1, 0);
  w[W.cpl] = cpl;
  updateMode(w);
}

/** SYSCALL, SYSRET, SYSENTER and SYSEXIT (SDM 2B; APM 3 for SYSCALL outside 64-bit mode). All set RIP. */
export function syscallHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const amd = cpu.model.vendor === 'AuthenticAMD';

  function checkSyscall(): void {
    const usable = (w[W.efer]! & EFER.SCE) !== 0 && (w[W.cr0]! & CR0.PE) !== 0 && (w[W.rflags]! & FLAG.VM) === 0;
    if (!usable || (!amd && !is64Bit(w))) raiseUD();
  }

  /** SYSCALL outside IA-32e mode: STAR holds EIP. */
  function syscallLegacy(nextLow: number): void {
    w[gpr(RCX)] = nextLow;
    const selector = w[W.star + 1]! & 0xfffc;
    writeRflags(w, readRflags(w) & ~(FLAG.VM | FLAG.IF | FLAG.RF));
    enterFlat(w, selector, selector + 8, 0, false);
    setRip(w, w[W.star]!, 0);
  }

  return {
    syscall(nextLow: number, nextHigh: number): void {
      checkSyscall();
      if (!isLongActive(w)) {
        syscallLegacy(nextLow);
        return;
      }
      const entry = is64Bit(w) ? W.lstar : W.cstar;
      const flags = readRflags(w) & ~FLAG.RF;
      w[gpr(RCX)] = nextLow;
      w[gpr(RCX) + 1] = nextHigh;
      w[gpr(R11)] = flags;
      w[gpr(R11) + 1] = 0;
      writeRflags(w, flags & ~w[W.sfmask]!);
      if ((flags & w[W.sfmask]! & FLAG.TF) !== 0) w[W.debugTrap] = w[W.debugTrap]! | NOT_STEPPED;
      const selector = w[W.star + 1]! & 0xfffc;
      enterFlat(w, selector, selector + 8, 0, true);
      setRip(w, w[entry]!, w[entry + 1]!);
    },

    /** `size` 8: to 64-bit code, 4: to 32-bit code. */
    sysret(size: number): void {
      checkSyscall();
      if (w[W.cpl] !== 0) raiseGP(0);
      const long = size === 8;
      const ipLow = w[gpr(RCX)]!;
      const ipHigh = long ? w[gpr(RCX) + 1]! : 0;
      if (!isCanonical(ipHigh)) raiseGP(0);
      const selector = w[W.star + 1]! >>> 16;
      const code = ((selector + (long ? 16 : 0)) & 0xffff) | 3;
      if (isLongActive(w)) writeRflags(w, w[gpr(R11)]! & 0x3c7fd7);
      else writeRflags(w, readRflags(w) | FLAG.IF);
      enterFlat(w, code, ((selector + 8) & 0xffff) | 3, 3, long);
      setRip(w, ipLow, ipHigh);
    },

    sysenter(): void {
      const long = isLongActive(w);
      if (long && amd) raiseUD();
      const selector = w[W.sysenterCs]! & 0xfffc;
      if ((w[W.cr0]! & CR0.PE) === 0 || selector === 0) raiseGP(0);
      writeRflags(w, readRflags(w) & ~(FLAG.VM | FLAG.IF));
      w[gpr(RSP)] = w[W.sysenterEsp]!;
      w[gpr(RSP) + 1] = long ? w[W.sysenterEsp + 1]! : 0;
      enterFlat(w, selector, selector + 8, 0, long);
      setRip(w, w[W.sysenterEip]!, long ? w[W.sysenterEip + 1]! : 0);
    },

    sysexit(size: number): void {
      if (w[W.cpl] !== 0) raiseGP(0);
      if (isLongActive(w) && amd) raiseUD();
      const selector = w[W.sysenterCs]! & 0xfffc;
      if (selector === 0 || (w[W.cr0]! & CR0.PE) === 0) raiseGP(0);
      const long = size === 8;
      const ipHigh = long ? w[gpr(RDX) + 1]! : 0;
      const spHigh = long ? w[gpr(RCX) + 1]! : 0;
      if (!isCanonical(ipHigh) || !isCanonical(spHigh)) raiseGP(0);
      w[gpr(RSP)] = w[gpr(RCX)]!;
      w[gpr(RSP) + 1] = spHigh;
      const ipLow = w[gpr(RDX)]!;
      const offset = long ? 32 : 16;
      enterFlat(w, (selector + offset) | 3, (selector + offset + 8) | 3, 3, long);
      setRip(w, ipLow, ipHigh);
    },
  };
}
