/** Width of one access on the bus, in bytes. Wider CPU accesses arrive as several. */
export type AccessSize = 1 | 2 | 4;

/**
 * What answers at a port or MMIO range. `offset` counts from the start of the range.
 * Values are unsigned: 0 .. 2^(8*size)-1.
 */
export interface IoHandler {
  read(offset: number, size: AccessSize): number;
  write(offset: number, size: AccessSize, value: number): void;
}

/**
 * A part of the board. It does not know its address, its IRQ number or what it is attached to:
 * lines, clocks and back ends come through the constructor.
 */
export interface Device {
  readonly name: string;
  /** The state after RESET#. */
  reset(): void;
  /** Guest-visible state as plain JSON-able data (typed arrays allowed). */
  save(): unknown;
  /** Takes what `save` gave. Throws an Error with a clear message when the data does not fit. */
  load(state: unknown): void;
}
