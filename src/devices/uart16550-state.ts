import { byteQueue, flag, int, list, nanoseconds, type StateOf, u8, u16 } from './state.ts';

export const FIFO_DEPTH = 16;
/** Input held for a host that cannot pause. */
export const INPUT_LIMIT = 4 * 1024 * 1024;
const TRIGGER_LEVELS = [1, 4, 8, 14];
/** Input crystal over 16: bits per second at divisor 1. */
const BASE_BAUD = 115_200;
/** Divisor after reset: 9600 baud. The data sheet leaves it undefined. */
const RESET_DIVISOR = 12;

export const IER = { rda: 0x01, thre: 0x02, lineStatus: 0x04, modemStatus: 0x08 };
export const IIR = { none: 0x01, modemStatus: 0x00, thre: 0x02, rda: 0x04, lineStatus: 0x06, timeout: 0x0c };
export const LCR = { wordLength: 0x03, stop: 0x04, parity: 0x08, break: 0x40, dlab: 0x80 };
export const MCR = { dtr: 0x01, rts: 0x02, out1: 0x04, out2: 0x08, loop: 0x10 };
export const LSR = { dr: 0x01, oe: 0x02, pe: 0x04, fe: 0x08, bi: 0x10, thre: 0x20, temt: 0x40, fifoError: 0x80 };
export const MSR = { dcts: 0x01, ddsr: 0x02, teri: 0x04, ddcd: 0x08, cts: 0x10, dsr: 0x20, ri: 0x40, dcd: 0x80 };

/** Errors that travel with a received character, and all that raise a line status interrupt. */
const CHARACTER_ERRORS = LSR.pe | LSR.fe | LSR.bi;
export const LINE_ERRORS = CHARACTER_ERRORS | LSR.oe;
/** A cable with a ready peer at its end. */
export const PEER_READY = MSR.cts | MSR.dsr | MSR.dcd;

export const SHAPE = {
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

/** The chip's registers, and what they say. */
export type UartState = Omit<StateOf<typeof SHAPE>, 'tx' | 'input' | 'waiting'>;

export const initial = (): UartState => ({
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

/** Characters that the receiver holds. */
export const depth = (s: UartState): number => (s.fifoEnabled ? FIFO_DEPTH : 1);

/** Characters for a received-data interrupt. */
export const triggerLevel = (s: UartState): number => (s.fifoEnabled ? TRIGGER_LEVELS[s.trigger] : 1);

export const wordMask = ({ lcr }: UartState): number => 0xff >> (3 - (lcr & LCR.wordLength));

/** Start, data, parity and stop bits at the programmed rate; divisor 0 counts as 1. */
export function characterNs({ lcr, divisor }: UartState): number {
  const bits = 7 + (lcr & LCR.wordLength) + ((lcr & LCR.parity) !== 0 ? 1 : 0) + ((lcr & LCR.stop) !== 0 ? 1 : 0);
  return Math.ceil((bits * 1e9 * Math.max(1, divisor)) / BASE_BAUD);
}
