/** Slots by a hash of a 32-bit number: the upper bits of its product with `factor`. */
export interface TargetTable {
  /** Odd. */
  readonly factor: number;
  /** The product is shifted right by so many bits, zeros coming in. */
  readonly shift: number;
  /** Which of the numbers a slot is for, -1: none. */
  readonly slots: readonly number[];
}

/** Factors that are tried before the table is made twice as large: a longer search costs more than a larger table. */
const TRIES = 100;
/** Numerical Recipes' generator: any sequence of odd factors would do, and the same each time keeps modules alike. */
const [STEP, START] = [1664525, 1013904223];

/**
 * A table without collisions, so that a jump to one of many known targets is one jump through it and one comparison.
 *
 * @param numbers 32-bit ones, at most some hundred, all unlike
 */
export function targetTable(numbers: readonly number[]): TargetTable {
  if (new Set(numbers.map((number) => number | 0)).size !== numbers.length) throw new Error('two targets are alike');
  let factor = 1;
  for (let shift = 31 - Math.ceil(Math.log2(numbers.length)); ; shift--) {
    for (let tried = 0; tried < TRIES; tried++) {
      const slots = place(numbers, factor, shift);
      if (slots !== undefined) return { factor, shift, slots };
      factor = (Math.imul(factor, STEP) + START) | 1;
    }
  }
}

function place(numbers: readonly number[], factor: number, shift: number): number[] | undefined {
  const slots = new Array<number>(2 ** (32 - shift)).fill(-1);
  for (const [which, number] of numbers.entries()) {
    const slot = Math.imul(number, factor) >>> shift;
    if (slots[slot] !== -1) return undefined;
    slots[slot] = which;
  }
  return slots;
}
