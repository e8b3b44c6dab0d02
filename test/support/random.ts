/** A small seeded generator (Marsaglia's xorshift32), so that a failure can be run again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** 32 bits, as a signed number. */
  word(): number {
    let s = this.#state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.#state = s;
    return s;
  }

  below(n: number): number {
    return (this.word() >>> 8) % n;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
}

/** The same as a function of the bound, which may be any up to 2^32, and for seeds that lie side by side. */
export function seeded(seed: number): (below: number) => number {
  const random = new Random(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b));
  for (let n = 0; n < 8; n++) random.word();
  return (below) => (random.word() >>> 0) % below;
}
