import type { IrqLine } from '../bus/irq.ts';

/** Several outputs on one wire: it is high while any of them is. Shared interrupts and A20 are wired so. */
export class OrGate {
  readonly #output: IrqLine;
  #inputs = 0;
  #high = 0;

  constructor(output: IrqLine) {
    this.#output = output;
  }

  /** A new input, low. At most 32. */
  input(): IrqLine {
    if (this.#inputs === 32) throw new Error('an OrGate has at most 32 inputs');
    const bit = 1 << this.#inputs++;
    return {
      set: (level) => {
        this.#high = level ? this.#high | bit : this.#high & ~bit;
        this.#output.set(this.#high !== 0);
      },
    };
  }
}
