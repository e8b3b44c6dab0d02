import type { CharBackend } from '../bus/backends.ts';
import type { Clock, Timer } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { ByteFifo } from './byte-fifo.ts';
import { BytePorts } from './byte-ports.ts';
import { byteQueue, flag, int, list, nanoseconds, record, type StateOf, u8, u16 } from './state.ts';

const FIFO_DEPTH = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14];
/** Input crystal over 16: bits per second at divisor 1. */
const BASE_BAUD = 115_200;
/** Divisor after reset: 9600 baud. The data sheet leaves it undefined. */
const RESET_DIVISOR = 12;

/** Input that waits for the guest: the host is asked to pause above the first, to go on below the second. */
const PAUSE_ABOVE = 64 * 1024;
const RESUME_BELOW = 16 * 1024;
/** Input held for a host that cannot pause. */
const INPUT_LIMIT = 4 * 1024 * 1024;

const IER = { rda: 0x01, thre: 0x02, lineStatus: 0x04, modemStatus: 0x08 };
const IIR = { none: 0x01, modemStatus: 0x00, thre: 0x02, rda: 0x04, lineStatus: 0x06, timeout: 0x0c };
const LCR = { wordLength: 0x03, stop: 0x04, parity: 0x08, break: 0x40, dlab: 0x80 };
const MCR = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loop: 0x10 };
const LSR = { dr: 0x01, oe: 0x02, pe: 0x04, fe: 0x08, bi: 0x10, thre: 0x20, temt: 0x40, fifoError: 0x80 };
const MSR = { dcts: 0x01, ddsr: 0x02, teri: 0x04, ddcd: 0x08, cts: 0x10, dsr: 0x20, ri: 0x40, dcd: 0x80 };

/** Errors that travel with a received character, and all that raise a line status interrupt. */
const CHARACTER_ERRORS = LSR.pe | LSR.fe | LSR.bi;
const LINE_ERRORS = CHARACTER_ERRORS | LSR.oe;
/** A cable with a ready peer at its end. */
const PEER_READY = MSR.cts | MSR.dsr | MSR.dcd;

const SHAPE = {
  ier: int(0, 0x0f),
  fifoEnabled: flag,
  trigger: int(0, 3),
  lcr: u8,
  mcr: int(0, 0x1f),
  msr: u8,
  scr: u8,
  divisor: u16,
  overrun: flag,
  threPending: flag,
  timeoutPending: flag,
  /** Received characters, each with its LSR error bits in bits 8-15. */
  rx: list(u16, FIFO_DEPTH),
  tx: byteQueue(FIFO_DEPTH),
  input: byteQueue(INPUT_LIMIT),
  /** The back end had no room when this was saved. */
  waiting: flag,
  /** Guest time from which the line is free for the next character. */
  lineFreeAt: nanoseconds,
  /** Deadline of the character timeout, -1 when not running. */
  timeoutAt: nanoseconds,
};

const initial = (): Omit<StateOf<typeof SHAPE>, 'tx' | 'input' | 'waiting'> => ({
  ier: 0,
  fifoEnabled: false,
  trigger: 0,
  lcr: 0,
  mcr: 0,
  msr: PEER_READY,
  scr: 0,
  divisor: RESET_DIVISOR,
  overrun: false,
  threPending: false,
  timeoutPending: false,
  rx: [],
  lineFreeAt: 0,
  timeoutAt: -1,
});

/**
 * PC16550D UART with FIFOs (National Semiconductor data sheet, June 1995); registers at offsets 0-7.
 * OUT2 gates the interrupt pin, as a PC wires it.
 *
 * Output leaves at once; when the back end is full, THRE stays clear until it drains. Input arrives at the
 * programmed baud rate and waits outside the FIFO while that is full, so that nothing is lost to a slow guest;
 * only a loopback can overrun it.
 */
export class Uart16550 extends BytePorts implements Device {
  readonly name: string;
  /** Bytes that a host which cannot pause sent beyond the input limit. */
  droppedInput = 0;
  readonly #clock: Clock;
  readonly #irq: IrqLine;
  readonly #backend: CharBackend;
  readonly #receiveTimer: Timer;
  readonly #timeoutTimer: Timer;
  readonly #input = new ByteFifo(INPUT_LIMIT);
  readonly #tx = new ByteFifo(FIFO_DEPTH);
  #s = initial();
  #hostFull = false;
  #hostPaused = false;

  constructor(name: string, clock: Clock, irq: IrqLine, backend: CharBackend) {
    super();
    this.name = name;
    this.#clock = clock;
    this.#irq = irq;
    this.#backend = backend;
    this.#receiveTimer = clock.timer(() => this.#receive());
    this.#timeoutTimer = clock.timer(() => this.#timeout());
    backend.onInput((bytes) => this.#takeInput(bytes));
    backend.onDrain(() => this.#drain());
  }

  reset(): void {
    this.#s = initial();
    this.#tx.clear();
    this.#timeoutTimer.cancel();
    this.#receiveTimer.cancel();
    this.#update();
    this.#receive();
  }

  save(): unknown {
    return {
      ...structuredClone(this.#s),
      tx: this.#tx.toBytes(),
      input: this.#input.toBytes(),
      waiting: this.#hostFull,
    };
  }

  /** A transmitter that waited for its back end starts anew: the one attached now may have room. */
  load(state: unknown): void {
    const { tx, input, waiting, ...registers } = record(SHAPE)(state, this.name);
    this.#s = registers;
    this.#tx.clear();
    this.#tx.push(tx);
    this.#input.clear();
    this.#input.push(input);
    if (registers.timeoutAt >= 0) this.#timeoutTimer.arm(registers.timeoutAt);
    else this.#timeoutTimer.cancel();
    this.#receiveTimer.cancel();
    this.#hostFull = false;
    if (waiting) this.#drain();
    this.#update();
    this.#receive();
  }

  protected readByte(offset: number): number {
    const s = this.#s;
    switch (offset) {
      case 5:
        return this.#readLsr();
      case 0:
        return (s.lcr & LCR.dlab) !== 0 ? s.divisor & 0xff : this.#readRbr();
      case 1:
        return (s.lcr & LCR.dlab) !== 0 ? s.divisor >> 8 : s.ier;
      case 2:
        return this.#readIir();
      case 3:
        return s.lcr;
      case 4:
        return s.mcr;
      case 6:
        return this.#readMsr();
      default:
        return s.scr;
    }
  }

  protected writeByte(offset: number, value: number): void {
    const s = this.#s;
    const dlab = (s.lcr & LCR.dlab) !== 0;
    switch (offset) {
      case 0:
        if (dlab) s.divisor = (s.divisor & 0xff00) | value;
        else this.#transmit(value);
        break;
      case 1:
        if (dlab) s.divisor = (s.divisor & 0xff) | (value << 8);
        else this.#writeIer(value & 0x0f);
        break;
      case 2:
        this.#writeFcr(value);
        break;
      case 3:
        this.#writeLcr(value);
        break;
      case 4:
        this.#writeMcr(value & 0x1f);
        break;
      case 7:
        s.scr = value;
        break;
      default:
        // LSR and MSR are read-only in service; the data sheet keeps their writes for factory tests.
        break;
    }
  }

  // --- transmitter ---

  get #transmitterEmpty(): boolean {
    return !this.#hostFull;
  }

  #transmit(value: number): void {
    const s = this.#s;
    s.threPending = false;
    if ((s.mcr & MCR.loop) !== 0) {
      this.#deposit(value & this.#wordMask);
      s.threPending = true;
    } else if (this.#hostFull) {
      // Beyond the FIFO a byte is lost, as in the chip: the guest did not wait for THRE.
      if (s.fifoEnabled || this.#tx.length === 0) this.#tx.push(Uint8Array.of(value & this.#wordMask));
    } else {
      this.#hostFull = !this.#backend.write(value & this.#wordMask);
      s.threPending = !this.#hostFull;
    }
    this.#update();
  }

  #drain(): void {
    this.#hostFull = false;
    while (this.#tx.length > 0 && !this.#hostFull) this.#hostFull = !this.#backend.write(this.#tx.shift());
    if (!this.#hostFull) this.#s.threPending = true;
    this.#update();
  }

  // --- receiver ---

  #takeInput(bytes: Uint8Array): void {
    this.droppedInput += bytes.length - this.#input.push(bytes);
    if (this.#input.length > PAUSE_ABOVE && !this.#hostPaused) {
      this.#hostPaused = true;
      this.#backend.pauseInput?.(true);
    }
    this.#receive();
  }

  /** Moves the characters whose time has come into the FIFO, and sets the timer for the next ones. */
  #receive(): void {
    const s = this.#s;
    const now = this.#clock.now();
    const characterNs = this.#characterNs;
    const room = () => this.#depth - s.rx.length;
    if ((s.mcr & MCR.loop) !== 0 || this.#input.length === 0 || room() === 0) return;
    // A guest that was slow finds at most a FIFO's worth ready, not an endless one.
    s.lineFreeAt = Math.max(s.lineFreeAt, now - FIFO_DEPTH * characterNs);
    while (this.#input.length > 0 && room() > 0 && s.lineFreeAt <= now) {
      this.#deposit(this.#input.shift() & this.#wordMask);
      s.lineFreeAt += characterNs;
    }
    if (this.#input.length < RESUME_BELOW && this.#hostPaused) {
      this.#hostPaused = false;
      this.#backend.pauseInput?.(false);
    }
    const toTrigger = this.#triggerLevel - s.rx.length;
    const next = Math.min(this.#input.length, room(), toTrigger > 0 ? toTrigger : FIFO_DEPTH);
    if (next > 0) this.#receiveTimer.arm(s.lineFreeAt + (next - 1) * characterNs);
    this.#update();
  }

  #deposit(character: number): void {
    const s = this.#s;
    if (s.rx.length < this.#depth) s.rx.push(character);
    else {
      s.overrun = true;
      // Without FIFO the new character takes the place of the old; with it the shift register's is lost.
      if (!s.fifoEnabled) s.rx[0] = character;
    }
    s.timeoutPending = false;
    this.#restartTimeout();
  }

  #readRbr(): number {
    const s = this.#s;
    const character = s.rx.shift();
    if (character === undefined) return 0;
    s.timeoutPending = false;
    this.#restartTimeout();
    this.#receive();
    this.#update();
    return character & 0xff;
  }

  /** Four character times without traffic while characters wait (data sheet, FIFO timeout interrupt). */
  #restartTimeout(): void {
    const s = this.#s;
    if (s.fifoEnabled && s.rx.length > 0) {
      s.timeoutAt = this.#clock.now() + 4 * this.#characterNs;
      this.#timeoutTimer.arm(s.timeoutAt);
    } else if (s.timeoutAt >= 0) {
      s.timeoutAt = -1;
      this.#timeoutTimer.cancel();
    }
  }

  #timeout(): void {
    this.#s.timeoutAt = -1;
    this.#s.timeoutPending = this.#s.fifoEnabled && this.#s.rx.length > 0;
    this.#update();
  }

  get #depth(): number {
    return this.#s.fifoEnabled ? FIFO_DEPTH : 1;
  }

  get #triggerLevel(): number {
    return this.#s.fifoEnabled ? TRIGGER_LEVELS[this.#s.trigger] : 1;
  }

  get #wordMask(): number {
    return 0xff >> (3 - (this.#s.lcr & LCR.wordLength));
  }

  /** Start, data, parity and stop bits at the programmed rate; divisor 0 counts as 1. */
  get #characterNs(): number {
    const { lcr, divisor } = this.#s;
    const bits = 7 + (lcr & LCR.wordLength) + ((lcr & LCR.parity) !== 0 ? 1 : 0) + ((lcr & LCR.stop) !== 0 ? 1 : 0);
    return Math.ceil((bits * 1e9 * Math.max(1, divisor)) / BASE_BAUD);
  }

  // --- registers ---

  #readLsr(): number {
    const s = this.#s;
    const value = this.#lsr();
    if ((value & LINE_ERRORS) !== 0) {
      s.overrun = false;
      if (s.rx.length > 0) s.rx[0] &= 0xff;
      this.#update();
    }
    return value;
  }

  #lsr(): number {
    const { rx, overrun, fifoEnabled } = this.#s;
    let value = this.#transmitterEmpty ? LSR.thre | LSR.temt : 0;
    if (overrun) value |= LSR.oe;
    if (rx.length > 0) {
      value |= LSR.dr | (rx[0] >> 8);
      if (fifoEnabled && rx.some((character) => character > 0xff)) value |= LSR.fifoError;
    }
    return value;
  }

  #writeIer(value: number): void {
    const s = this.#s;
    // Enabling the interrupt while the holding register is empty raises it at once.
    if ((value & ~s.ier & IER.thre) !== 0 && this.#transmitterEmpty) s.threPending = true;
    s.ier = value;
    this.#update();
  }

  #readIir(): number {
    const s = this.#s;
    const source = this.#source();
    if (source === IIR.thre) {
      s.threPending = false;
      this.#update();
    }
    return source | (s.fifoEnabled ? 0xc0 : 0);
  }

  /** FCR: D0 enable, D1 clear receiver, D2 clear transmitter, D7-D6 trigger. */
  #writeFcr(value: number): void {
    const s = this.#s;
    const enable = (value & 0x01) !== 0;
    const toggled = enable !== s.fifoEnabled;
    s.fifoEnabled = enable;
    s.trigger = enable ? value >> 6 : 0;
    if (toggled || (enable && (value & 0x02) !== 0)) {
      s.rx = [];
      s.timeoutPending = false;
      this.#restartTimeout();
    }
    if (toggled || (enable && (value & 0x04) !== 0)) this.#tx.clear();
    this.#receive();
    this.#update();
  }

  #writeLcr(value: number): void {
    const s = this.#s;
    const breakBegins = (value & ~s.lcr & LCR.break) !== 0;
    s.lcr = value;
    if (breakBegins && (s.mcr & MCR.loop) !== 0) {
      this.#deposit(LSR.bi << 8);
      this.#update();
    }
  }

  #writeMcr(value: number): void {
    const s = this.#s;
    s.mcr = value;
    let lines = PEER_READY;
    if ((value & MCR.loop) !== 0) {
      lines =
        ((value & MCR.dtr) !== 0 ? MSR.dsr : 0) |
        ((value & MCR.rts) !== 0 ? MSR.cts : 0) |
        ((value & MCR.out1) !== 0 ? MSR.ri : 0) |
        ((value & MCR.out2) !== 0 ? MSR.dcd : 0);
    }
    this.#setModemLines(lines);
    this.#receive();
    this.#update();
  }

  #setModemLines(lines: number): void {
    const s = this.#s;
    const changed = (s.msr ^ lines) & 0xf0;
    let deltas = s.msr & 0x0f;
    if ((changed & MSR.cts) !== 0) deltas |= MSR.dcts;
    if ((changed & MSR.dsr) !== 0) deltas |= MSR.ddsr;
    if ((changed & MSR.dcd) !== 0) deltas |= MSR.ddcd;
    // The ring indicator counts only when it goes away.
    if ((changed & MSR.ri) !== 0 && (lines & MSR.ri) === 0) deltas |= MSR.teri;
    s.msr = lines | deltas;
  }

  #readMsr(): number {
    const value = this.#s.msr;
    this.#s.msr = value & 0xf0;
    this.#update();
    return value;
  }

  // --- interrupts ---

  /** The pending source of highest priority, as IIR D3-D0. */
  #source(): number {
    const s = this.#s;
    if ((s.ier & IER.lineStatus) !== 0 && (this.#lsr() & LINE_ERRORS) !== 0) return IIR.lineStatus;
    if ((s.ier & IER.rda) !== 0) {
      if (s.rx.length >= this.#triggerLevel) return IIR.rda;
      if (s.timeoutPending) return IIR.timeout;
    }
    if ((s.ier & IER.thre) !== 0 && s.threPending) return IIR.thre;
    if ((s.ier & IER.modemStatus) !== 0 && (s.msr & 0x0f) !== 0) return IIR.modemStatus;
    return IIR.none;
  }

  #update(): void {
    this.#irq.set((this.#s.mcr & MCR.out2) !== 0 && this.#source() !== IIR.none);
  }
}
