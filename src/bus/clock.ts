/** A one-shot timer in guest time. Periodic devices re-arm it when it expires. */
export interface Timer {
  /** Absolute guest time in nanoseconds; a deadline in the past expires at the next dispatch. */
  arm(deadlineNs: number): void;
  cancel(): void;
  readonly armed: boolean;
  readonly deadline: number;
}

/** Guest time. Devices ask no other clock. */
export interface Clock {
  /** Nanoseconds since power-on; never goes back. */
  now(): number;
  timer(onExpire: () => void): Timer;
}

class QueuedTimer implements Timer {
  armed = false;
  deadline = Number.POSITIVE_INFINITY;
  readonly onExpire: () => void;
  readonly #queue: TimerQueue;

  constructor(queue: TimerQueue, onExpire: () => void) {
    this.#queue = queue;
    this.onExpire = onExpire;
  }

  arm(deadlineNs: number): void {
    this.deadline = deadlineNs;
    this.armed = true;
    this.#queue.changed();
  }

  cancel(): void {
    this.armed = false;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#queue.changed();
  }
}

/**
 * The timers of one machine. A PC has about a dozen, so the earliest is found by looking at all.
 * `now` comes from the machine: host time, or counted instructions.
 */
export class TimerQueue implements Clock {
  readonly #timers: QueuedTimer[] = [];
  readonly #now: () => number;
  #next = Number.POSITIVE_INFINITY;
  /** Called when the earliest deadline may have moved, so that a running CPU can be stopped in time. */
  onChange: () => void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  timer(onExpire: () => void): Timer {
    const timer = new QueuedTimer(this, onExpire);
    this.#timers.push(timer);
    return timer;
  }

  /** Earliest armed deadline in nanoseconds, Infinity when none. */
  get nextDeadline(): number {
    return this.#next;
  }

  /** Expires what is due. A timer that re-arms itself in the past waits for the next call, so this ends. */
  dispatch(): void {
    const now = this.#now();
    if (now < this.#next) return;
    const due = this.#timers.filter((timer) => timer.deadline <= now);
    due.sort((a, b) => a.deadline - b.deadline);
    for (const timer of due) {
      if (!timer.armed || timer.deadline > now) continue;
      timer.armed = false;
      timer.deadline = Number.POSITIVE_INFINITY;
      timer.onExpire();
    }
    this.changed();
  }

  changed(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const timer of this.#timers) if (timer.deadline < next) next = timer.deadline;
    const before = this.#next;
    this.#next = next;
    if (next < before) this.onChange();
  }
}

/** A clock that stands still until told to move. For tests and for counted time. */
export class ManualClock extends TimerQueue {
  #time: { ns: number };

  constructor() {
    const time = { ns: 0 };
    super(() => time.ns);
    this.#time = time;
  }

  /** Moves time forward, expiring timers one deadline at a time. */
  advance(ns: number): void {
    const end = this.#time.ns + ns;
    while (this.nextDeadline <= end) {
      this.#time.ns = Math.max(this.#time.ns, this.nextDeadline);
      this.dispatch();
    }
    this.#time.ns = end;
  }
}
