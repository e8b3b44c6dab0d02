import type { CharBackend } from '../bus/backends.ts';
import type { Clock, Timer } from '../bus/clock.ts';
import { ByteFifo } from './byte-fifo.ts';
import {
  characterNs,
  depth,
  FIFO_DEPTH,
  INPUT_LIMIT,
  MCR,
  triggerLevel,
  type UartState,
  wordMask,
} from './uart16550-state.ts';

/** Input that waits for the guest: the host is asked to pause above the first, to go on below the second. */
const PAUSE_ABOVE = 64 * 1024;
const RESUME_BELOW = 16 * 1024;

/**
 * The receiver of a 16550: shift register, FIFO and character timeout. Input arrives at the programmed rate and waits
 * outside the FIFO while that is full.
 */
export class Uart16550Receiver {
  /** Bytes that a host which cannot pause sent beyond the input limit. */
  dropped = 0;
  readonly #s: UartState;
  readonly #clock: Clock;
  readonly #backend: CharBackend;
  /** The interrupt may have come or gone. */
  readonly #changed: () => void;
  readonly #lineTimer: Timer;
  readonly #timeoutTimer: Timer;
  readonly #input = new ByteFifo(INPUT_LIMIT);
  #hostPaused = false;

  constructor(state: UartState, clock: Clock, backend: CharBackend, changed: () => void) {
    this.#s = state;
    this.#clock = clock;
    this.#backend = backend;
    this.#changed = changed;
    this.#lineTimer = clock.timer(() => this.receive());
    this.#timeoutTimer = clock.timer(() => this.#timeout());
    backend.onInput((bytes) => this.#takeInput(bytes));
  }

  /** Input that has not arrived. */
  get input(): Uint8Array {
    return this.#input.toBytes();
  }

  set input(bytes: Uint8Array) {
    this.#input.clear();
    this.#input.push(bytes);
  }

  /** Sets the timers anew from the state. */
  settle(): void {
    const { timeoutAt } = this.#s;
    if (timeoutAt >= 0) this.#timeoutTimer.arm(timeoutAt);
    else this.#timeoutTimer.cancel();
    this.#lineTimer.cancel();
    this.#changed();
    this.receive();
  }

  /** Moves the characters whose time has come into the FIFO, and sets the timer for the next ones. */
  receive(): void {
    const s = this.#s;
    const now = this.#clock.now();
    const duration = characterNs(s);
    const room = () => depth(s) - s.rx.length;
    if ((s.mcr & MCR.loop) !== 0 || this.#input.length === 0 || room() === 0) return;
    // A guest that was slow finds at most a FIFO's worth ready, not an endless one.
    s.lineFreeAt = Math.max(s.lineFreeAt, now - FIFO_DEPTH * duration);
    while (this.#input.length > 0 && room() > 0 && s.lineFreeAt <= now) {
      this.deposit(this.#input.shift() & wordMask(s));
      s.lineFreeAt += duration;
    }
    if (this.#input.length < RESUME_BELOW && this.#hostPaused) {
      this.#hostPaused = false;
      this.#backend.pauseInput?.(false);
    }
    const toTrigger = triggerLevel(s) - s.rx.length;
    const next = Math.min(this.#input.length, room(), toTrigger > 0 ? toTrigger : FIFO_DEPTH);
    if (next > 0) this.#lineTimer.arm(s.lineFreeAt + (next - 1) * duration);
    this.#changed();
  }

  /** A character is complete; its LSR error bits are in bits 8-15. */
  deposit(character: number): void {
    const s = this.#s;
    if (s.rx.length < depth(s)) s.rx.push(character);
    else {
      s.overrun = true;
      // Without FIFO the new character takes the place of the old; with it the shift register's is lost.
      if (!s.fifoEnabled) s.rx[0] = character;
    }
    s.timeoutPending = false;
    this.#restartTimeout();
  }

  /** Takes the oldest character, without its errors. */
  read(): number {
    const s = this.#s;
    const character = s.rx.shift();
    if (character === undefined) return 0;
    s.timeoutPending = false;
    this.#restartTimeout();
    this.receive();
    this.#changed();
    return character & 0xff;
  }

  clear(): void {
    const s = this.#s;
    s.rx = [];
    s.timeoutPending = false;
    this.#restartTimeout();
  }

  #takeInput(bytes: Uint8Array): void {
    this.dropped += bytes.length - this.#input.push(bytes);
    if (this.#input.length > PAUSE_ABOVE && !this.#hostPaused) {
      this.#hostPaused = true;
      this.#backend.pauseInput?.(true);
    }
    this.receive();
  }

  /** Four character times without traffic while characters wait (data sheet, FIFO timeout interrupt). */
  #restartTimeout(): void {
    const s = this.#s;
    if (s.fifoEnabled && s.rx.length > 0) {
      s.timeoutAt = this.#clock.now() + 4 * characterNs(s);
      this.#timeoutTimer.arm(s.timeoutAt);
    } else if (s.timeoutAt >= 0) {
      s.timeoutAt = -1;
      this.#timeoutTimer.cancel();
    }
  }

  #timeout(): void {
    this.#s.timeoutAt = -1;
    this.#s.timeoutPending = this.#s.fifoEnabled && this.#s.rx.length > 0;
    this.#changed();
  }
}
