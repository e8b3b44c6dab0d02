import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { BytePorts } from './byte-ports.ts';
import { COUNTER_SHAPE, Counter } from './i8254-counter.ts';
import { flag, list, record, ticks } from './state.ts';

/** The input clock of a PC's timer: 14.31818 MHz / 12. */
export const PIT_HZ = 1_193_182;

/** Changes of counter 0's OUT that come faster than this are delivered together. */
const MIN_INTERVAL = Math.ceil(PIT_HZ / 20_000);
/** Periods that may be delivered late, one after the other, before the rest is given up. */
const MAX_LATE = 16;

const SHAPE = {
  counters: list(record(COUNTER_SHAPE), 3),
  /** Clock of the last change of OUT0 that was delivered. */
  delivered: ticks,
  level: flag,
};

/**
 * 8254 programmable interval timer: counters 0-2 at offsets 0-2, control word at offset 3.
 * OUT0 drives `irq`; OUT2 is read through {@link out2}. Intel 8254 data sheet, order 231164.
 */
export class I8254 extends BytePorts implements Device {
  readonly name = 'i8254';
  readonly #clock: Clock;
  readonly #irq: IrqLine;
  readonly #timer: Timer;
  readonly #counters = [new Counter(true), new Counter(true), new Counter(false)];
  #delivered = 0;
  #level = false;

  constructor(clock: Clock, irq: IrqLine) {
    super();
    this.#clock = clock;
    this.#irq = irq;
    this.#timer = clock.timer(() => this.#expire());
  }

  reset(): void {
    for (const counter of this.#counters) counter.reset();
    this.#restart(this.#clk());
  }

  save(): unknown {
    return {
      counters: this.#counters.map((counter) => structuredClone(counter.s)),
      delivered: this.#delivered,
      level: this.#level,
    };
  }

  load(state: unknown): void {
    const { counters, delivered, level } = record(SHAPE)(state, this.name);
    if (counters.length !== 3) throw new Error(`saved state: ${this.name} must have 3 counters`);
    counters.forEach((saved, index) => {
      this.#counters[index].s = saved;
    });
    this.#delivered = delivered;
    this.#drive(level);
    this.#arm();
  }

  /** GATE2, bit 0 of port 61h. */
  setGate2(level: boolean): void {
    this.#counters[2].setGate(level, this.#clk());
  }

  /** OUT2, bit 5 of port 61h. */
  get out2(): boolean {
    return this.#counters[2].out(this.#clk());
  }

  protected readByte(offset: number): number {
    return offset === 3 ? 0xff : this.#counters[offset].read(this.#clk());
  }

  protected writeByte(offset: number, value: number): void {
    if (offset === 3) {
      this.#control(value);
      return;
    }
    const clk = this.#clk();
    this.#counters[offset].write(value, clk);
    if (offset === 0) this.#restart(clk);
  }

  #control(value: number): void {
    const clk = this.#clk();
    const select = value >> 6;
    if (select === 3) {
      this.#readBack(value, clk);
      return;
    }
    const counter = this.#counters[select];
    if ((value & 0x30) === 0) counter.latchCount(clk);
    else {
      counter.control(value);
      if (select === 0) this.#restart(clk);
    }
  }

  /** Read-back command: D5 low latches counts, D4 low latches status, D3-D1 select counters 2-0. */
  #readBack(value: number, clk: number): void {
    this.#counters.forEach((counter, index) => {
      if ((value & (2 << index)) === 0) return;
      if ((value & 0x20) === 0) counter.latchCount(clk);
      if ((value & 0x10) === 0) counter.latchStatus(clk);
    });
  }

  #clk(): number {
    return Math.floor((this.#clock.now() * PIT_HZ) / 1e9);
  }

  /** Counter 0 was programmed at `clk`. Not a later reading: a short count may be over by then, its edge undelivered. */
  #restart(clk: number): void {
    this.#delivered = clk;
    // A strobe lasts one clock: between strobes the line is high whatever the clock says.
    const strobes = this.#counters[0].nextEdge(clk)?.change === 'strobe';
    this.#drive(strobes || this.#counters[0].out(clk));
    this.#arm();
  }

  #arm(): void {
    const edge = this.#counters[0].nextEdge(this.#delivered);
    if (edge === undefined) {
      this.#timer.cancel();
      return;
    }
    const tooFast = this.#counters[0].edgeInterval < MIN_INTERVAL;
    const at = tooFast ? Math.max(edge.at, this.#delivered + MIN_INTERVAL) : edge.at;
    this.#timer.arm(Math.ceil((at * 1e9) / PIT_HZ) + 1);
  }

  #expire(): void {
    const counter = this.#counters[0];
    const now = this.#clk();
    const edge = counter.nextEdge(this.#delivered);
    if (edge === undefined || edge.at > now) {
      this.#arm();
      return;
    }
    if (counter.edgeInterval < MIN_INTERVAL) this.#pulseMany(now);
    else {
      const late = counter.periodic ? Math.floor((now - edge.at) / counter.s.count) : 0;
      this.#delivered = edge.at + Math.max(0, late - MAX_LATE) * counter.s.count;
      this.#apply(edge.change);
    }
    this.#arm();
  }

  /** Many periods have passed since the last look: one pulse stands for all. */
  #pulseMany(now: number): void {
    this.#delivered = now;
    this.#apply('strobe');
    this.#drive(this.#counters[0].out(now) || this.#counters[0].s.mode === 2);
  }

  #apply(change: 'high' | 'low' | 'strobe'): void {
    if (change === 'strobe') this.#drive(false);
    this.#drive(change !== 'low');
  }

  #drive(level: boolean): void {
    this.#level = level;
    this.#irq.set(level);
  }
}
