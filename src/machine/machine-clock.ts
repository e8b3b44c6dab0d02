import { TimerQueue } from '../bus/clock.ts';

/** Guest time of a machine: the timer queue over one of two sources. */
export interface MachineClock {
  readonly timers: TimerQueue;
  /** Time-stamp counter: one count a nanosecond. */
  tsc(): bigint;
  /** Nanoseconds that the CPU may run before timers want to be looked at. */
  sliceNs(): number;
  /** Instructions that fit before the next deadline. */
  slice(): number;
  /** The CPU halts until the next deadline; milliseconds of host time to wait, Infinity without a deadline. */
  haltMs(): number;
  /** The halt is over because host time has passed, or (`early`) because an event came. */
  wake(early: boolean): void;
  /** The machine was stopped by the user and goes on: no time has passed. */
  pause(): void;
  resume(): void;
}

/** Longest and shortest run of instructions between two looks at the timers. */
const SLICE = { most: 200_000, least: 2_000 };
const SLICE_NS = 1_000_000;
/** The same for a CPU that the host runs: each look costs it a twentieth of a millisecond. */
const HOST_SLICE_NS = 4_000_000;

/** Guest time follows the host's monotonic clock. */
export class HostClock implements MachineClock {
  readonly timers: TimerQueue;
  readonly #nowMs: () => number;
  #startMs: number;
  #pausedAt: number | undefined;
  /** Instructions a nanosecond, as measured. */
  #rate = 0.05;
  #sliceStart = 0;
  #sliceInstructions = 0;
  readonly #instructions: () => number;

  /** `nowMs` is a monotonic clock in milliseconds; `instructions` the CPU's count. */
  constructor(nowMs: () => number, instructions: () => number) {
    this.#nowMs = nowMs;
    this.#instructions = instructions;
    this.#startMs = nowMs();
    this.timers = new TimerQueue(() => Math.floor(((this.#pausedAt ?? nowMs()) - this.#startMs) * 1e6));
  }

  tsc(): bigint {
    return BigInt(this.timers.now());
  }

  sliceNs(): number {
    return Math.max(0, Math.min(HOST_SLICE_NS, this.timers.nextDeadline - this.timers.now()));
  }

  slice(): number {
    const now = this.timers.now();
    const done = this.#instructions();
    const elapsed = now - this.#sliceStart;
    if (elapsed > 100_000 && done > this.#sliceInstructions) {
      this.#rate = 0.7 * this.#rate + 0.3 * ((done - this.#sliceInstructions) / elapsed);
    }
    this.#beginSlice(now, done);
    const until = Math.min(SLICE_NS, this.timers.nextDeadline - now);
    return Math.max(SLICE.least, Math.min(SLICE.most, Math.floor(until * this.#rate)));
  }

  #beginSlice(now: number, done: number): void {
    this.#sliceStart = now;
    this.#sliceInstructions = done;
  }

  haltMs(): number {
    return Math.max(0, (this.timers.nextDeadline - this.timers.now()) / 1e6);
  }

  wake(): void {
    // Sleep says nothing about the CPU's speed.
    this.#beginSlice(this.timers.now(), this.#instructions());
  }

  pause(): void {
    this.#pausedAt ??= this.#nowMs();
  }

  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#startMs += this.#nowMs() - this.#pausedAt;
    this.#pausedAt = undefined;
  }
}

/** Nanoseconds that one instruction takes with `--icount`. */
const INSTRUCTION_NS = 10;

/** Guest time is the number of instructions, so that two runs are the same (`--icount`). */
export class CountedClock implements MachineClock {
  readonly timers: TimerQueue;
  readonly #instructions: () => number;
  /** Nanoseconds that were skipped while the CPU halted. */
  #skipped = 0;

  constructor(instructions: () => number) {
    this.#instructions = instructions;
    this.timers = new TimerQueue(() => instructions() * INSTRUCTION_NS + this.#skipped);
  }

  tsc(): bigint {
    return BigInt(this.timers.now());
  }

  sliceNs(): number {
    return this.slice() * INSTRUCTION_NS;
  }

  slice(): number {
    const until = this.timers.nextDeadline - (this.#instructions() * INSTRUCTION_NS + this.#skipped);
    return Math.max(1, Math.min(SLICE.most, Math.ceil(until / INSTRUCTION_NS)));
  }

  haltMs(): number {
    return Math.max(0, (this.timers.nextDeadline - this.timers.now()) / 1e6);
  }

  /** Time jumps to the deadline; host events that come early leave it where it was. */
  wake(early: boolean): void {
    if (early) return;
    const missing = this.timers.nextDeadline - this.timers.now();
    if (missing > 0 && Number.isFinite(missing)) this.#skipped += missing;
  }

  pause(): void {}
  resume(): void {}
}
