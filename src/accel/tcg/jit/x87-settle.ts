import { C1 } from '../../../cpu/softfloat/status.ts';
import { CS, W } from '../../../cpu/state.ts';

/** Bits of what `x87Settle` is told, and where numbers begin in it. Bits 0 to 7: registers that have become full. */
export const SETTLE = {
  /** Registers that have become empty. */ EMPTY: 8,
  /** How far the top of stack is from where it was. */ TOP: 16,
  C1: 1 << 19,
  MOVED: 1 << 20,
  IP: 1 << 21,
  DATA: 1 << 22,
  /** Segment register of the memory operand. */ SEGMENT: 23,
} as const;

const TOP_SHIFT = 11;

/** Locals of a region that has left something pending: the arguments of `x87Settle`. */
export const X87_NAMES = ['xs', 'xt', 'xil', 'xih', 'xdl', 'xdh'] as const;
export const X87_LOCALS = `let ${X87_NAMES.map((name) => `${name} = 0`).join(', ')};`;
export const X87_SETTLE = `x87Settle(${X87_NAMES.join(', ')});`;

/**
 * Writes what a region kept to itself: TOP, tags, C1, and the instruction and data pointers.
 *
 * @param bits as SETTLE says
 * @param top what TOP was where the run began, from which registers are counted
 */
export function x87Settler(w: Int32Array) {
  return (bits: number, top: number, ipLow: number, ipHigh: number, dataLow: number, dataHigh: number): void => {
    if (bits === 0) return;
    const turned = (tags: number): number => ((tags << top) | ((tags << top) >> 8)) & 0xff;
    let status = w[W.fsw];
    if ((bits & SETTLE.C1) !== 0) status &= ~C1;
    if ((bits & SETTLE.MOVED) !== 0) {
      status = (status & ~(7 << TOP_SHIFT)) | (((top + (bits >> SETTLE.TOP)) & 7) << TOP_SHIFT);
    }
    w[W.fsw] = status;
    w[W.ftw] = (w[W.ftw] & ~turned((bits >> SETTLE.EMPTY) & 0xff)) | turned(bits & 0xff);
    if ((bits & SETTLE.IP) !== 0) {
      w[W.fip] = ipLow;
      w[W.fip + 1] = ipHigh;
      w[W.fcs] = w[W.selector + CS];
    }
    if ((bits & SETTLE.DATA) !== 0) {
      w[W.fdp] = dataLow;
      w[W.fdp + 1] = dataHigh;
      w[W.fds] = w[W.selector + (bits >> SETTLE.SEGMENT)];
    }
  };
}
