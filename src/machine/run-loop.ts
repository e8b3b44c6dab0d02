import type { Vcpu, VcpuExit } from '../accel/accelerator.ts';
import type { MachineClock } from './machine-clock.ts';

/** Longest time that the CPU runs before the host's events are served. */
const TURN_MS = 8;
/** Host timers are no longer than this: Node's end at 24 days, deadlines at Infinity. */
const LONGEST_SLEEP_MS = 1000;
/** What is left to wait below this is waited for actively: a host timer would come a millisecond later. */
const SHORTEST_SLEEP_MS = 0.2;

/** Why the loop gave the machine back. */
export type RunResult =
  | { readonly reason: 'stopped' }
  | { readonly reason: 'reset'; readonly why: string }
  | Extract<VcpuExit, { reason: 'debug' | 'fatal' }>;

/** Sleeps until something happens or a deadline comes. */
class Alarm {
  #wake: ((early: boolean) => void) | undefined;

  ring(): void {
    this.#wake?.(true);
  }

  /** Resolves true when rung before the time was over. */
  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      // Rounded up: a host timer that ends early would leave a rest to be waited for actively.
      const timer = setTimeout(() => this.#wake?.(false), Math.min(Math.ceil(ms), LONGEST_SLEEP_MS));
      this.#wake = (early) => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve(early);
      };
    });
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Drives one vCPU and the timers, in turns short enough for terminal, sockets and signals to stay alive. */
export class RunLoop {
  readonly #active: () => Vcpu;
  readonly #clock: MachineClock;
  readonly #alarm = new Alarm();
  #stopping = false;
  #reset: string | undefined;
  running = false;

  /** `active` gives the CPU that runs now. */
  constructor(active: () => Vcpu, clock: MachineClock) {
    this.#active = active;
    this.#clock = clock;
    clock.timers.onChange = () => this.#vcpu.kick();
  }

  get #vcpu(): Vcpu {
    return this.#active();
  }

  /** Something outside the CPU changed: host input arrived, an interrupt line moved. */
  notify(): void {
    this.#alarm.ring();
  }

  /** Takes back a `stop` that has been served. */
  arm(): void {
    this.#stopping = false;
  }

  /** Holds until `arm`, whether the loop runs now or is about to. */
  stop(): void {
    this.#stopping = true;
    this.#vcpu.kick();
    this.#alarm.ring();
  }

  requestReset(why: string): void {
    this.#reset ??= why;
    this.#vcpu.kick();
    this.#alarm.ring();
  }

  /** Runs until stopped, reset or told to stop by the CPU. */
  async run(): Promise<RunResult> {
    this.running = true;
    this.#clock.resume();
    try {
      for (;;) {
        const end = performance.now() + TURN_MS;
        let halted = false;
        let input = false;
        while (!halted && !input && performance.now() < end) {
          this.#clock.timers.dispatch();
          if (this.#stopping) return { reason: 'stopped' };
          if (this.#reset !== undefined) return this.#takeReset(this.#reset);
          const exit = this.#vcpu.run(this.#clock.slice());
          if (exit.reason === 'debug' || exit.reason === 'fatal') return exit;
          if (exit.reason === 'shutdown') return this.#takeReset('triple fault');
          halted = exit.reason === 'halt';
          input = exit.reason === 'input';
        }
        if (halted) await this.#halt();
        else await nextTurn();
      }
    } finally {
      this.running = false;
      this.#clock.pause();
    }
  }

  async #halt(): Promise<void> {
    let ms = this.#clock.haltMs();
    if (ms <= 0) return;
    if (ms < SHORTEST_SLEEP_MS) {
      // Much shorter than a host timer: let events in, then look again.
      await nextTurn();
      if (!this.#stopping && this.#reset === undefined) this.#clock.wake(false);
      return;
    }
    for (; ; ms -= LONGEST_SLEEP_MS) {
      const early = await this.#alarm.sleep(ms);
      if (early || ms <= LONGEST_SLEEP_MS) return this.#clock.wake(early);
    }
  }

  #takeReset(why: string): RunResult {
    this.#reset = undefined;
    return { reason: 'reset', why };
  }
}
