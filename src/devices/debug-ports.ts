import type { AccessSize, Device, IoHandler } from '../bus/device.ts';
import { BytePort, BytePorts } from './byte-ports.ts';
import { record, u8 } from './state.ts';

/** Debug console at E9h: every byte written goes to `sink`; reads give E9h, which tells a guest that it is there. */
export const debugConsole = (sink: (byte: number) => void): IoHandler =>
  new BytePort(
    () => 0xe9,
    (_offset, value) => sink(value),
  );

/** POST code port 80h: every code goes to `sink`; the last can be read back. */
export class PostCode extends BytePorts implements Device {
  readonly name = 'post-code';
  readonly #sink: (code: number) => void;
  #last = 0;

  constructor(sink: (code: number) => void) {
    super();
    this.#sink = sink;
  }

  reset(): void {
    this.#last = 0;
  }

  save(): unknown {
    return { last: this.#last };
  }

  load(state: unknown): void {
    this.#last = record({ last: u8 })(state, this.name).last;
  }

  protected readByte(): number {
    return this.#last;
  }

  protected writeByte(_offset: number, value: number): void {
    this.#last = value;
    this.#sink(value);
  }
}

/** Test exit, usually four ports at F4h: a write ends the machine with status `(value << 1) | 1`, 0-255. */
export const debugExit = (onExit: (status: number) => void): IoHandler => ({
  read: () => 0,
  write(_offset: number, _size: AccessSize, value: number) {
    onExit(((value << 1) | 1) & 0xff);
  },
});
