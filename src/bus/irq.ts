/** One wire into an interrupt controller. Level, not event: the controller decides about edges. */
export interface IrqLine {
  set(level: boolean): void;
}

/** What a CPU sees of its interrupt controller. */
export interface InterruptSource {
  /** True while INTR is asserted. */
  readonly pending: boolean;
  /** INTA cycle: returns the vector (0-255) and moves it to in-service. */
  acknowledge(): number;
}

/** A line that leads nowhere, for pins that the board leaves open. */
export const UNCONNECTED: IrqLine = { set() {} };
