import { ByteFifo } from './byte-fifo.ts';

/** Bytes a device holds for the host; a 16-byte key buffer and the answers to a command fit. */
export const PS2_QUEUE = 32;

export const ACK = 0xfa;
export const RESEND = 0xfe;
/** Basic assurance test passed. */
export const BAT_OK = 0xaa;

/** One end of a PS/2 cable: bytes to the controller queue up until it takes them. */
export abstract class Ps2Device {
  protected readonly queue = new ByteFifo(PS2_QUEUE);
  /** Told when there is something to take. */
  onData: () => void = () => {};

  /** A byte from the controller. */
  receive(byte: number): void {
    this.command(byte);
    if (this.queue.length > 0) this.onData();
  }

  /** The next byte for the controller, -1 when there is none. */
  take(): number {
    return this.queue.shift();
  }

  abstract reset(): void;
  abstract save(): unknown;
  abstract load(state: unknown): void;
  protected abstract command(byte: number): void;

  protected send(...bytes: number[]): void {
    this.queue.push(Uint8Array.from(bytes));
  }
}
