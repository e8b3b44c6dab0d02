import type { Clock } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import { BytePorts } from './byte-ports.ts';
import type { I8254 } from './i8254.ts';
import { record, u8 } from './state.ts';

/** A PC refreshes a DRAM row every 15.085 us; port 61h bit 4 toggles with it. */
const REFRESH_NS = 15_085;

/**
 * System control port B at 61h: D0 GATE2, D1 speaker data, D2 and D3 parity and channel check disable,
 * D4 refresh toggle, D5 OUT2, D7-D6 no error (82371SB data sheet, NMI status and control register).
 */
export class SystemControlPortB extends BytePorts implements Device {
  readonly name = 'port61';
  readonly #clock: Clock;
  readonly #pit: I8254;
  #latch = 0;

  constructor(clock: Clock, pit: I8254) {
    super();
    this.#clock = clock;
    this.#pit = pit;
  }

  /** True while the speaker is fed with OUT2. */
  get speakerData(): boolean {
    return (this.#latch & 2) !== 0;
  }

  reset(): void {
    this.#set(0);
  }

  save(): unknown {
    return { latch: this.#latch };
  }

  /** Leaves GATE2 alone: the 8254 saves its own gate. */
  load(state: unknown): void {
    this.#latch = record({ latch: u8 })(state, this.name).latch & 0x0f;
  }

  protected readByte(): number {
    const refresh = Math.floor(this.#clock.now() / REFRESH_NS) % 2;
    return this.#latch | (refresh << 4) | (this.#pit.out2 ? 0x20 : 0);
  }

  protected writeByte(_offset: number, value: number): void {
    this.#set(value & 0x0f);
  }

  #set(value: number): void {
    this.#latch = value;
    this.#pit.setGate2((value & 1) !== 0);
  }
}
