import type { Device } from '../bus/device.ts';
import { BytePorts } from './byte-ports.ts';
import { int, record } from './state.ts';

const HARD = 0x02;
const RESET_CPU = 0x04;

/** Reset control register at CF9h: D2 rising resets, D1 selects a hard reset (82371SB data sheet, RCR). */
export class ResetControl extends BytePorts implements Device {
  readonly name = 'reset-control';
  readonly #onReset: (kind: 'hard' | 'soft') => void;
  #value = 0;

  constructor(onReset: (kind: 'hard' | 'soft') => void) {
    super();
    this.#onReset = onReset;
  }

  reset(): void {
    this.#value = 0;
  }

  save(): unknown {
    return { value: this.#value };
  }

  load(state: unknown): void {
    this.#value = record({ value: int(0, HARD | RESET_CPU) })(state, this.name).value;
  }

  protected readByte(): number {
    return this.#value;
  }

  protected writeByte(_offset: number, value: number): void {
    const rises = (value & ~this.#value & RESET_CPU) !== 0;
    this.#value = value & (HARD | RESET_CPU);
    if (rises) this.#onReset((value & HARD) !== 0 ? 'hard' : 'soft');
  }
}
