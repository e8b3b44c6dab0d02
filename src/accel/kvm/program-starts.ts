import { FLAG, RSP, W } from '../../cpu/state.ts';

/** A program has looked at CPUID when it has run this long. */
const STARTING = 1_000_000;
/** So many programs that start at the same time are remembered. */
const MOST = 256;

/**
 * Keeps programs with the interpreter while they start. A KVM that runs ring 3 on the processor cannot hide the
 * processor's CPUID: a program that chose its routines by that would use registers that the guest's kernel does not
 * save, and could not move to the interpreter. A kernel starts a program with all registers zero.
 */
export class ProgramStarts {
  /** Count of instructions up to which a program starts, by its page tables. */
  readonly #until = new Map<number, number>();

  /** @param instructions executed by the interpreter so far. @returns whether the program in ring 3 still starts */
  starting(w: Int32Array, instructions: number): boolean {
    const tables = w[W.cr3]! >>> 12;
    if (isFresh(w)) {
      if (this.#until.size >= MOST) this.#until.clear();
      this.#until.set(tables, instructions + STARTING);
      return true;
    }
    const until = this.#until.get(tables);
    if (until === undefined) return false;
    if (instructions < until) return true;
    this.#until.delete(tables);
    return false;
  }
}

function isFresh(w: Int32Array): boolean {
  for (let n = 0; n < 32; n++) if (w[W.gpr + n] !== 0 && n >> 1 !== RSP) return false;
  return (w[W.rflags]! & FLAG.IF) !== 0;
}
