import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { BytePorts } from './byte-ports.ts';
import { record, u8 } from './state.ts';

const FAST_INIT = 0x01;
const A20 = 0x02;

/** System control port A at 92h: D1 A20, D0 rising resets the CPU (82371SB data sheet, port 92 register). */
export class Port92 extends BytePorts implements Device {
  readonly name = 'port92';
  readonly #a20: IrqLine;
  readonly #onReset: () => void;
  #value = 0;

  constructor(a20: IrqLine, onReset: () => void) {
    super();
    this.#a20 = a20;
    this.#onReset = onReset;
  }

  reset(): void {
    this.#set(0);
  }

  save(): unknown {
    return { value: this.#value };
  }

  load(state: unknown): void {
    this.#set(record({ value: u8 })(state, this.name).value & (A20 | FAST_INIT));
  }

  protected readByte(): number {
    return this.#value;
  }

  protected writeByte(_offset: number, value: number): void {
    const rises = (value & ~this.#value & FAST_INIT) !== 0;
    this.#set(value & (A20 | FAST_INIT));
    if (rises) this.#onReset();
  }

  #set(value: number): void {
    this.#value = value;
    this.#a20.set((value & A20) !== 0);
  }
}
