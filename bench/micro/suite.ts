/** One thing to measure. */
export interface Case {
  /** What it belongs to: cases of one group are compared together. */
  readonly group: string;
  readonly name: string;
  /** Units of work that one call of `run` does: figures are nanoseconds per unit. */
  readonly units: number;
  readonly run: () => void;
}
