/** The host end of a serial line. Output may be buffered by the host; `writable` gives back-pressure. */
export interface CharBackend {
  /** A byte from the guest, always taken. Returns false when the next must wait for `onDrain`. */
  write(byte: number): boolean;
  /** Registers who receives bytes from the host; returns nothing, replaces the former receiver. */
  onInput(receive: (bytes: Uint8Array) => void): void;
  /** Registers who is told that a full host can take bytes again. */
  onDrain(resume: () => void): void;
  /** Asks the host to hold back input (true) or to go on (false). What comes all the same is still taken, up to a limit. */
  pauseInput?(paused: boolean): void;
}

/** A line with nothing attached: output vanishes, input never comes. */
export const NULL_CHAR: CharBackend = { write: () => true, onInput() {}, onDrain() {} };
