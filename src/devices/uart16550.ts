import type { CharBackend } from '../bus/backends.ts';
import type { Clock } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { ByteFifo } from './byte-fifo.ts';
import { BytePorts } from './byte-ports.ts';
import { record } from './state.ts';
import { modemStatus } from './uart16550-modem.ts';
import { Uart16550Receiver } from './uart16550-receiver.ts';
import {
  FIFO_DEPTH,
  IER,
  IIR,
  initial,
  LCR,
  LINE_ERRORS,
  LSR,
  MCR,
  SHAPE,
  triggerLevel,
  wordMask,
} from './uart16550-state.ts';

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
  readonly #irq: IrqLine;
  readonly #backend: CharBackend;
  readonly #receiver: Uart16550Receiver;
  readonly #tx = new ByteFifo(FIFO_DEPTH);
  readonly #s = initial();
  #hostFull = false;

  constructor(name: string, clock: Clock, irq: IrqLine, backend: CharBackend) {
    super();
    this.name = name;
    this.#irq = irq;
    this.#backend = backend;
    this.#receiver = new Uart16550Receiver(this.#s, clock, backend, () => this.#update());
    backend.onDrain(() => this.#drain());
  }

  /** Bytes that a host which cannot pause sent beyond the input limit. */
  get droppedInput(): number {
    return this.#receiver.dropped;
  }

  reset(): void {
    Object.assign(this.#s, initial());
    this.#tx.clear();
    this.#receiver.settle();
  }

  save(): unknown {
    return {
      ...structuredClone(this.#s),
      tx: this.#tx.toBytes(),
      input: this.#receiver.input,
      waiting: this.#hostFull,
    };
  }

  /** A transmitter that waited for its back end starts anew: the one attached now may have room. */
  load(state: unknown): void {
    const { tx, input, waiting, ...registers } = record(SHAPE)(state, this.name);
    Object.assign(this.#s, registers);
    this.#tx.clear();
    this.#tx.push(tx);
    this.#receiver.input = input;
    this.#hostFull = false;
    if (waiting) this.#drain();
    this.#receiver.settle();
  }

  protected readByte(offset: number): number {
    const s = this.#s;
    switch (offset) {
      case 5:
        return this.#readLsr();
      case 0:
        return (s.lcr & LCR.dlab) !== 0 ? s.divisor & 0xff : this.#receiver.read();
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
      this.#receiver.deposit(value & wordMask(s));
      s.threPending = true;
    } else if (this.#hostFull) {
      // Beyond the FIFO a byte is lost, as in the chip: the guest did not wait for THRE.
      if (s.fifoEnabled || this.#tx.length === 0) this.#tx.push(Uint8Array.of(value & wordMask(s)));
    } else {
      this.#hostFull = !this.#backend.write(value & wordMask(s));
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
      this.#receiver.clear();
    }
    if (toggled || (enable && (value & 0x04) !== 0)) this.#tx.clear();
    this.#receiver.receive();
    this.#update();
  }

  #writeLcr(value: number): void {
    const s = this.#s;
    const breakBegins = (value & ~s.lcr & LCR.break) !== 0;
    s.lcr = value;
    if (breakBegins && (s.mcr & MCR.loop) !== 0) {
      this.#receiver.deposit(LSR.bi << 8);
      this.#update();
    }
  }

  #writeMcr(value: number): void {
    const s = this.#s;
    s.mcr = value;
    s.msr = modemStatus(s);
    this.#receiver.receive();
    this.#update();
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
      if (s.rx.length >= triggerLevel(s)) return IIR.rda;
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
