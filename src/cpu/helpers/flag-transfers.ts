import type { CpuContext } from '../context.ts';
import { raiseGP } from '../fault.ts';
import { readRflags, writeRflags } from '../flags.ts';
import { updateMode } from '../mode.ts';
import { FLAG, W } from '../state.ts';
import { isReal } from './descriptors.ts';

const MODE_FLAGS = FLAG.VM | FLAG.AC;

export const iopl = (w: Int32Array): number => (w[W.rflags]! >> 12) & 3;

/** Takes the bits of `mask` from `value`. */
export function mergeFlags(w: Int32Array, value: number, mask: number): void {
  const old = readRflags(w);
  const merged = (old & ~mask) | (value & mask);
  writeRflags(w, merged);
  if (((old ^ merged) & MODE_FLAGS) !== 0) updateMode(w);
}

/** Flags that IRET may change at the current level (SDM 2A IRET); POPF those but RF, VIF and VIP. */
export function returnableFlags(w: Int32Array, size: number): number {
  const cpl = w[W.cpl]!;
  let mask = FLAG.ARITH | FLAG.TF | FLAG.DF | FLAG.NT;
  if (size > 2) mask |= FLAG.RF | FLAG.AC | FLAG.ID;
  if (cpl <= iopl(w)) mask |= FLAG.IF;
  if (cpl === 0) mask |= FLAG.IOPL | (size > 2 ? FLAG.VIF | FLAG.VIP : 0);
  return mask;
}

/** #GP(0) in virtual-8086 mode with IOPL below 3 (SDM 3B 21.2.2). */
export function checkVirtualIopl(w: Int32Array): void {
  if ((w[W.rflags]! & FLAG.VM) !== 0 && iopl(w) < 3) raiseGP(0);
}

export function flagTransferHelpers(cpu: CpuContext) {
  const { w } = cpu;
  function checkInterruptFlag(): void {
    if (isReal(w)) checkVirtualIopl(w);
    else if (w[W.cpl]! > iopl(w)) raiseGP(0);
  }
  return {
    /** What PUSHF stores: RFLAGS without VM and RF. */
    flagsToPush(): number {
      checkVirtualIopl(w);
      return readRflags(w) & ~(FLAG.VM | FLAG.RF);
    },
    /** POPF of `size` bytes (SDM 2B table 4-15). */
    popFlags(value: number, size: number): void {
      checkVirtualIopl(w);
      const mask = returnableFlags(w, size) & ~(FLAG.RF | FLAG.VIF | FLAG.VIP);
      mergeFlags(w, value, mask);
      if (size > 2) w[W.rflags] = w[W.rflags]! & ~FLAG.RF;
    },
    checkVirtualIopl(): void {
      checkVirtualIopl(w);
    },
    /** Interrupts stay off until after the next instruction when they were off before. */
    setInterruptFlag(): void {
      checkInterruptFlag();
      if ((w[W.rflags]! & FLAG.IF) === 0) w[W.interruptShadow] = w[W.interruptShadow]! | 1;
      w[W.rflags] = w[W.rflags]! | FLAG.IF;
    },
  };
}
