/** The host end of a serial line. Output may be buffered by the host; `writable` gives back-pressure. */
export interface CharBackend {
  /** Bytes from the guest. Returns false when the host can take no more for now. */
  write(byte: number): boolean;
  /** Registers who receives bytes from the host; returns nothing, replaces the former receiver. */
  onInput(receive: (bytes: Uint8Array) => void): void;
  /** Registers who is told that a full host can take bytes again. */
  onDrain(resume: () => void): void;
}

/** A line with nothing attached: output vanishes, input never comes. */
export const NULL_CHAR: CharBackend = { write: () => true, onInput() {}, onDrain() {} };
