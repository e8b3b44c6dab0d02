import { flag, int, type StateOf, ticks, u8, u16 } from './state.ts';

export const COUNTER_SHAPE = {
  mode: int(0, 5),
  bcd: flag,
  /** RW1-RW0: 1 low byte, 2 high byte, 3 low then high. */
  access: int(1, 3),
  gate: flag,
  /** Whether the counting element has been loaded since the control word. */
  loaded: flag,
  /** False while GATE or a half-written count holds the counting element. */
  running: flag,
  /** Clock at which the counting element held `count`. */
  start: ticks,
  /** Clocks counted when it was stopped. */
  held: ticks,
  /** The count in force, 1-65536. */
  count: int(1, 0x10000),
  /** Count register as written. */
  cr: u16,
  /** Modes 2 and 3: the clock at which `nextCount` takes over; -1 for none. */
  switchAt: ticks,
  nextCount: int(1, 0x10000),
  writeHigh: flag,
  readHigh: flag,
  latched: int(-1, 0xffff),
  latchedStatus: int(-1, 0xff),
  lowByte: u8,
};

const initial = (gate: boolean): StateOf<typeof COUNTER_SHAPE> => ({
  mode: 0,
  bcd: false,
  access: 3,
  gate,
  loaded: false,
  running: false,
  start: 0,
  held: 0,
  count: 0x10000,
  cr: 0,
  switchAt: -1,
  nextCount: 0x10000,
  writeHigh: false,
  readHigh: false,
  latched: -1,
  latchedStatus: -1,
  lowByte: 0,
});

/** What OUT does next: a level to hold, or the one-clock low strobe of modes 2, 4 and 5 ended at `at`. */
export interface Edge {
  readonly at: number;
  readonly change: 'high' | 'low' | 'strobe';
}

/**
 * One counter of the 8254 (Intel 8254 data sheet, order 231164), computed from the number of input clocks
 * that have passed instead of being clocked. Every method takes that number.
 */
export class Counter {
  s: StateOf<typeof COUNTER_SHAPE>;

  constructor(gate: boolean) {
    this.s = initial(gate);
  }

  reset(): void {
    this.s = initial(this.s.gate);
  }

  /** Control word for this counter, RW1-RW0 not 0. */
  control(value: number): void {
    const mode = (value >> 1) & 7;
    this.s = {
      ...initial(this.s.gate),
      mode: mode > 5 ? mode & 3 : mode,
      bcd: (value & 1) !== 0,
      access: (value >> 4) & 3,
      cr: this.s.cr,
    };
  }

  write(value: number, clk: number): void {
    const s = this.s;
    if (s.access === 1) this.#load(value, clk);
    else if (s.access === 2) this.#load(value << 8, clk);
    else if (s.writeHigh) {
      s.writeHigh = false;
      this.#load((value << 8) | s.lowByte, clk);
    } else {
      s.writeHigh = true;
      s.lowByte = value;
      // Mode 0 stops at the first byte and OUT goes low; the other modes go on with the old count.
      if (s.mode === 0) {
        s.running = false;
        s.loaded = false;
      }
    }
  }

  read(clk: number): number {
    const s = this.s;
    if (s.latchedStatus >= 0) {
      const status = s.latchedStatus;
      s.latchedStatus = -1;
      return status;
    }
    const value = s.latched >= 0 ? s.latched : this.#current(clk);
    const high = s.access === 2 || (s.access === 3 && s.readHigh);
    if (s.access === 3) s.readHigh = !s.readHigh;
    if (!s.readHigh) s.latched = -1;
    return high ? value >> 8 : value & 0xff;
  }

  latchCount(clk: number): void {
    if (this.s.latched < 0) this.s.latched = this.#current(clk);
  }

  /** Status byte: D7 OUT, D6 NULL COUNT, D5-D4 RW, D3-D1 mode, D0 BCD. */
  latchStatus(clk: number): void {
    const s = this.s;
    if (s.latchedStatus >= 0) return;
    this.#sync(clk);
    const nullCount = !s.loaded || s.switchAt >= 0 || s.start > clk;
    s.latchedStatus =
      (this.out(clk) ? 0x80 : 0) | (nullCount ? 0x40 : 0) | (s.access << 4) | (s.mode << 1) | (s.bcd ? 1 : 0);
  }

  setGate(level: boolean, clk: number): void {
    const s = this.s;
    if (s.gate === level) return;
    this.#sync(clk);
    s.gate = level;
    if (s.mode === 1 || s.mode === 5) {
      if (level) this.#trigger(clk);
    } else if (s.mode === 2 || s.mode === 3) {
      if (level) this.#trigger(clk);
      else this.#stop(clk);
    } else if (!level) this.#stop(clk);
    else if (s.loaded && !s.running) {
      s.start = clk - s.held;
      s.running = true;
    }
  }

  out(clk: number): boolean {
    const s = this.s;
    if (!s.loaded) return s.mode !== 0;
    this.#sync(clk);
    const passed = this.#passed(clk);
    switch (s.mode) {
      case 0:
      case 1:
        return passed >= s.count;
      case 2:
        return !s.running || passed < 0 || passed % s.count !== s.count - 1;
      case 3:
        return !s.running || passed < 0 || passed % s.count < highHalf(s.count);
      default:
        return passed !== s.count;
    }
  }

  /** The next change of OUT after `clk`, undefined when there is none without a write or a gate edge. */
  nextEdge(clk: number): Edge | undefined {
    const s = this.s;
    if (!s.loaded || !s.running) return undefined;
    this.#sync(clk);
    if (s.mode === 2) return { at: this.#cycleEnd(clk), change: 'strobe' };
    if (s.mode === 3) return this.#nextHalf(clk);
    const end = s.start + s.count;
    if (s.mode < 2) return end > clk ? { at: end, change: 'high' } : undefined;
    return end + 1 > clk ? { at: end + 1, change: 'strobe' } : undefined;
  }

  get periodic(): boolean {
    return this.s.mode === 2 || this.s.mode === 3;
  }

  /** Least clocks between two edges that need no write and no trigger; Infinity when there is only one. */
  get edgeInterval(): number {
    if (!this.periodic) return Number.POSITIVE_INFINITY;
    return this.s.mode === 2 ? this.s.count : this.s.count >> 1;
  }

  #load(cr: number, clk: number): void {
    const s = this.s;
    this.#sync(clk);
    s.cr = cr;
    const count = this.#decode(cr);
    const hardwareTriggered = s.mode === 1 || s.mode === 5;
    if (hardwareTriggered) return;
    if ((s.mode === 2 || s.mode === 3) && s.loaded && s.running) {
      s.nextCount = count;
      if (s.switchAt < 0) s.switchAt = s.mode === 2 ? this.#cycleEnd(clk) : this.#nextHalf(clk).at;
      return;
    }
    s.count = count;
    s.loaded = true;
    s.start = clk + 1;
    s.held = 0;
    s.running = s.gate;
  }

  #trigger(clk: number): void {
    const s = this.s;
    if (!s.loaded && (s.mode === 2 || s.mode === 3)) return;
    s.count = this.#decode(s.cr);
    s.switchAt = -1;
    s.loaded = true;
    s.start = clk + 1;
    s.running = true;
  }

  #stop(clk: number): void {
    const s = this.s;
    if (!s.running) return;
    s.held = Math.max(0, clk - s.start);
    s.running = false;
    if (s.switchAt >= 0) s.count = s.nextCount;
    s.switchAt = -1;
  }

  /** Lets a count that waits for the end of its cycle (mode 2) or half cycle (mode 3) take over. */
  #sync(clk: number): void {
    const s = this.s;
    if (s.switchAt < 0 || clk < s.switchAt) return;
    const lowHalfBegins = s.mode === 3 && (s.switchAt - s.start) % s.count !== 0;
    s.count = s.nextCount;
    s.start = s.switchAt - (lowHalfBegins ? highHalf(s.count) : 0);
    s.switchAt = -1;
  }

  #passed(clk: number): number {
    return this.s.running ? clk - this.s.start : this.s.held;
  }

  #cycleEnd(clk: number): number {
    const { start, count } = this.s;
    return clk < start ? start + count : start + (Math.floor((clk - start) / count) + 1) * count;
  }

  #nextHalf(clk: number): Edge {
    const { start, count } = this.s;
    const end = this.#cycleEnd(clk);
    const middle = end - count + highHalf(count);
    return middle > clk && middle > start && middle < end ? { at: middle, change: 'low' } : { at: end, change: 'high' };
  }

  /** The counting element as it reads, in the counter's own code. */
  #current(clk: number): number {
    const s = this.s;
    this.#sync(clk);
    const passed = Math.max(0, this.#passed(clk));
    let left: number;
    if (s.mode === 2) left = s.count - (passed % s.count);
    else if (s.mode === 3) {
      const inCycle = passed % s.count;
      const high = highHalf(s.count);
      left = Math.max(0, (s.count & ~1) - 2 * (inCycle < high ? inCycle : inCycle - high));
    } else left = s.count - passed;
    return s.bcd ? toBcd(modulo(left, 10_000)) : left & 0xffff;
  }

  #decode(cr: number): number {
    if (!this.s.bcd) return cr === 0 ? 0x10000 : cr;
    const value = (cr >> 12) * 1000 + ((cr >> 8) & 15) * 100 + ((cr >> 4) & 15) * 10 + (cr & 15);
    return value === 0 ? 10_000 : value;
  }
}

const highHalf = (count: number): number => (count + 1) >> 1;
const modulo = (value: number, by: number): number => ((value % by) + by) % by;
const toBcd = (value: number): number =>
  (Math.floor(value / 1000) << 12) |
  (Math.floor((value % 1000) / 100) << 8) |
  (Math.floor((value % 100) / 10) << 4) |
  (value % 10);
