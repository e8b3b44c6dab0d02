import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { BytePorts } from './byte-ports.ts';
import { RtcCalendar } from './rtc-calendar.ts';
import { bytes, flag, int, nanoseconds, record } from './state.ts';

const A = 0x0a;
const B = 0x0b;
const C = 0x0c;
const D = 0x0d;
const UIP = 0x80;
const REG_B = { set: 0x80, pie: 0x40, aie: 0x20, uie: 0x10, sqwe: 0x08 };
const REG_C = { irqf: 0x80, pf: 0x40, af: 0x20, uf: 0x10 };
const VRT = 0x80;

const SECOND = 1e9;
/** UIP rises 244 us before the update cycle, which takes 1984 us with a 32.768 kHz crystal. */
const UPDATE_CYCLE = 2_228_000;
/** Seconds that are counted one by one after the machine stood still; beyond, the wall clock is read anew. */
const MAX_CATCH_UP = 100_000;

const SHAPE = {
  ram: bytes(128),
  index: int(0, 127),
  nmiMasked: flag,
  /** Guest time of the next update, -1 while the divider is held in reset. */
  nextUpdate: nanoseconds,
  /** Guest time up to which periods have been looked at. */
  periodSeen: nanoseconds,
};

/** What a PC's firmware leaves in CMOS about memory, in bytes. */
export interface MemorySizes {
  readonly belowFourGiB: number;
  readonly aboveFourGiB: number;
}

/**
 * MC146818 real-time clock with 128 bytes of CMOS: index at offset 0 (bit 7 masks NMI), data at offset 1
 * (Motorola MC146818 data sheet). `wallClock` gives milliseconds since 1970, as the clock shall show them;
 * it is read at power-on, from then on guest time counts.
 */
export class Mc146818 extends BytePorts implements Device {
  readonly name = 'mc146818';
  readonly #clock: Clock;
  readonly #irq: IrqLine;
  readonly #wallClock: () => number;
  readonly #updateTimer: Timer;
  readonly #periodicTimer: Timer;
  readonly #ram = new Uint8Array(128);
  readonly #calendar = new RtcCalendar(this.#ram, () => this.#ram[B]);
  #index = 0;
  #nmiMasked = false;
  #nextUpdate: number;
  #periodSeen: number;

  constructor(clock: Clock, irq: IrqLine, wallClock: () => number) {
    super();
    this.#clock = clock;
    this.#irq = irq;
    this.#wallClock = wallClock;
    this.#updateTimer = clock.timer(() => this.#update());
    this.#periodicTimer = clock.timer(() => this.#refresh());
    this.#ram[A] = 0x26;
    this.#ram[B] = 0x02;
    const wall = wallClock();
    this.#calendar.set(wall);
    this.#periodSeen = clock.now();
    this.#nextUpdate = clock.now() + SECOND - (((wall % 1000) + 1000) % 1000) * 1e6;
    this.#updateTimer.arm(this.#nextUpdate);
  }

  /** RESET# clears the interrupt enables and flags; time, date and RAM live on the battery. */
  reset(): void {
    this.#ram[B] &= ~(REG_B.pie | REG_B.aie | REG_B.uie | REG_B.sqwe);
    this.#ram[C] = 0;
    this.#index = 0;
    this.#nmiMasked = false;
    this.#refresh();
  }

  save(): unknown {
    return {
      ram: this.#ram.slice(),
      index: this.#index,
      nmiMasked: this.#nmiMasked,
      nextUpdate: this.#nextUpdate,
      periodSeen: this.#periodSeen,
    };
  }

  load(state: unknown): void {
    const saved = record(SHAPE)(state, this.name);
    this.#ram.set(saved.ram);
    this.#index = saved.index;
    this.#nmiMasked = saved.nmiMasked;
    this.#nextUpdate = saved.nextUpdate;
    this.#periodSeen = saved.periodSeen;
    if (this.#nextUpdate >= 0) this.#updateTimer.arm(this.#nextUpdate);
    else this.#updateTimer.cancel();
    this.#armPeriodic();
    this.#irq.set((this.#ram[C] & REG_C.irqf) !== 0);
  }

  get nmiMasked(): boolean {
    return this.#nmiMasked;
  }

  /** Writes the memory sizes where PC firmware looks: 15h-18h, 30h-31h, 34h-35h, 5Bh-5Dh. */
  setMemory({ belowFourGiB, aboveFourGiB }: MemorySizes): void {
    const put = (index: number, length: number, value: number) => {
      const capped = Math.min(Math.floor(value), 256 ** length - 1);
      for (let i = 0; i < length; i++) this.#ram[index + i] = Math.floor(capped / 256 ** i) & 0xff;
    };
    const mebibyte = 1024 * 1024;
    const extended = Math.max(0, belowFourGiB - mebibyte) / 1024;
    put(0x15, 2, Math.min(640, belowFourGiB / 1024));
    put(0x17, 2, extended);
    put(0x30, 2, extended);
    put(0x34, 2, Math.max(0, belowFourGiB - 16 * mebibyte) / 65_536);
    put(0x5b, 3, aboveFourGiB / 65_536);
  }

  protected readByte(offset: number): number {
    if (offset !== 1) return 0xff;
    switch (this.#index) {
      case A:
        return (this.#ram[A] & 0x7f) | (this.#updating ? UIP : 0);
      case C:
        return this.#readC();
      case D:
        return VRT;
      default:
        this.#update();
        return this.#ram[this.#index];
    }
  }

  protected writeByte(offset: number, value: number): void {
    if (offset !== 1) {
      this.#index = value & 0x7f;
      this.#nmiMasked = (value & 0x80) !== 0;
      return;
    }
    this.#update();
    if (this.#index === A) this.#writeA(value & 0x7f);
    else if (this.#index === B) this.#writeB(value);
    else if (this.#index !== C && this.#index !== D) this.#ram[this.#index] = value;
  }

  #writeA(value: number): void {
    this.#look();
    const wasRunning = this.#dividerRuns;
    this.#ram[A] = value;
    if (this.#dividerRuns && !wasRunning) {
      // The first update comes half a second after the divider is let go.
      this.#nextUpdate = this.#clock.now() + SECOND / 2;
      this.#updateTimer.arm(this.#nextUpdate);
    } else if (!this.#dividerRuns) {
      this.#nextUpdate = -1;
      this.#updateTimer.cancel();
    }
    this.#refresh();
  }

  #writeB(value: number): void {
    this.#look();
    // SET also clears UIE.
    this.#ram[B] = (value & REG_B.set) !== 0 ? value & ~REG_B.uie : value;
    this.#refresh();
  }

  #readC(): number {
    this.#update();
    this.#look();
    this.#refresh();
    const value = this.#ram[C];
    this.#ram[C] = 0;
    this.#refresh();
    return value;
  }

  get #dividerRuns(): boolean {
    return (this.#ram[A] & 0x60) !== 0x60;
  }

  get #updating(): boolean {
    if (this.#nextUpdate < 0 || (this.#ram[B] & REG_B.set) !== 0) return false;
    this.#update();
    return this.#nextUpdate - this.#clock.now() <= UPDATE_CYCLE;
  }

  /** Counts the seconds that have passed. */
  #update(): void {
    const now = this.#clock.now();
    if (this.#nextUpdate < 0 || now < this.#nextUpdate) return;
    const seconds = Math.floor((now - this.#nextUpdate) / SECOND) + 1;
    if ((this.#ram[B] & REG_B.set) === 0) {
      if (seconds > MAX_CATCH_UP) this.#calendar.set(this.#wallClock());
      else for (let i = 0; i < seconds; i++) this.#second();
      this.#ram[C] |= REG_C.uf;
    }
    this.#nextUpdate += seconds * SECOND;
    this.#updateTimer.arm(this.#nextUpdate);
    this.#refresh();
  }

  #second(): void {
    this.#calendar.tick();
    if (this.#calendar.alarmMatches) this.#ram[C] |= REG_C.af;
  }

  /** Nanoseconds between two periodic flags, 0 when RS3-RS0 select none. */
  get #period(): number {
    const rate = this.#ram[A] & 0x0f;
    if (rate === 0 || !this.#dividerRuns) return 0;
    const shift = rate < 3 ? rate + 6 : rate - 1;
    return (2 ** shift * SECOND) / 32_768;
  }

  /** Sets PF when a period has ended since the last look. */
  #look(): void {
    const now = this.#clock.now();
    const period = this.#period;
    if (period > 0 && Math.floor(now / period) > Math.floor(this.#periodSeen / period)) this.#ram[C] |= REG_C.pf;
    this.#periodSeen = now;
  }

  /** Derives IRQF and the pin from flags and enables, and sees to the periodic timer. */
  #refresh(): void {
    if ((this.#ram[B] & REG_B.pie) !== 0) this.#look();
    const active = this.#ram[C] & this.#ram[B] & (REG_B.pie | REG_B.aie | REG_B.uie);
    this.#ram[C] = (this.#ram[C] & ~REG_C.irqf) | (active !== 0 ? REG_C.irqf : 0);
    this.#irq.set(active !== 0);
    this.#armPeriodic();
  }

  /** While PF stands unread another period changes nothing, so the timer rests until register C is read. */
  #armPeriodic(): void {
    const period = this.#period;
    const wanted = (this.#ram[B] & REG_B.pie) !== 0 && (this.#ram[C] & REG_C.pf) === 0 && period > 0;
    if (wanted) this.#periodicTimer.arm((Math.floor(this.#periodSeen / period) + 1) * period);
    else if (this.#periodicTimer.armed) this.#periodicTimer.cancel();
  }
}
