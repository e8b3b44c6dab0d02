import {
  breakpointsArmed,
  dataBreakpointsArmed,
  matchData,
  matchInstruction,
} from '../../cpu/helpers/debug-registers.ts';
import { FLAG, W } from '../../cpu/state.ts';
import type { Mmu } from '../../mmu/mmu.ts';

/**
 * The guest's own breakpoints, DR0-DR7. While one is enabled the vCPU goes instruction by instruction; while one
 * watches data no translation is cached, so that the MMU reports every access.
 */
export class GuestBreakpoints {
  readonly #w: Int32Array;
  readonly #mmu: Mmu;

  constructor(w: Int32Array, mmu: Mmu) {
    this.#w = w;
    this.#mmu = mmu;
    const debugger_ = mmu.onWatch;
    mmu.onWatch = (low, high, bytes, write) => {
      debugger_(low, high, bytes, write);
      if (breakpointsArmed(w)) w[W.debugTrap] = w[W.debugTrap]! | matchData(w, low, high, bytes, write);
    };
  }

  /** True while instructions must be run one by one. */
  get armed(): boolean {
    return breakpointsArmed(this.#w);
  }

  /** Follows DR7: to be called between instructions. */
  refresh(): void {
    const wanted = this.armed && dataBreakpointsArmed(this.#w);
    if (wanted === this.#mmu.watchesAll) return;
    this.#mmu.watchesAll = wanted;
    this.#mmu.flush(true);
  }

  /**
   * DR6 bits of the instruction breakpoints at a linear address, 0 for none; it is asked for when one is armed. RFLAGS.RF lets one instruction pass
   * and is used up by it (SDM 3B 17.3.1.1).
   */
  atInstruction(addressOf: () => bigint): number {
    const w = this.#w;
    if (!this.armed) return 0;
    const resume = (w[W.rflags]! & FLAG.RF) !== 0;
    w[W.rflags] = w[W.rflags]! & ~FLAG.RF;
    if (resume) return 0;
    const address = addressOf();
    return matchInstruction(w, Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n)));
  }
}
