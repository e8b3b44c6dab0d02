import type { Device } from '../bus/device.ts';
import type { IrqLine } from '../bus/irq.ts';
import { ByteFifo } from './byte-fifo.ts';
import { BytePort } from './byte-ports.ts';
import { Ps2Keyboard, SET2_TO_SET1 } from './ps2-keyboard.ts';
import { Ps2Mouse } from './ps2-mouse.ts';
import { byteQueue, bytes, flag, record, type StateOf, u8 } from './state.ts';

/** Command byte, RAM address 0. */
const MODE = { keyboardIrq: 0x01, auxIrq: 0x02, system: 0x04, keyboardOff: 0x10, auxOff: 0x20, translate: 0x40 };
const STATUS = { outputFull: 0x01, system: 0x04, command: 0x08, unlocked: 0x10, auxData: 0x20 };
/** Output port P2: D0 low resets the CPU, D1 gates A20, D4 and D5 are the interrupt pins. */
const P2 = { notReset: 0x01, a20: 0x02, keyboardIrq: 0x10, auxIrq: 0x20, idle: 0xc0 };

const ANSWERS = 16;

const SHAPE = {
  ram: bytes(32),
  status: u8,
  output: u8,
  /** Command that waits for its byte at port 60h, 0 for none. */
  pending: u8,
  a20: flag,
  /** The last byte from the keyboard was the break prefix F0h. */
  breakPrefix: flag,
};

const initial = (): StateOf<typeof SHAPE> => ({
  ram: Uint8Array.from({ length: 32 }, (_, address) => (address === 0 ? MODE.translate | MODE.keyboardIrq : 0)),
  status: STATUS.unlocked,
  output: 0,
  pending: 0,
  a20: true,
  breakPrefix: false,
});

/** What the controller's pins lead to. */
export interface I8042Wiring {
  readonly keyboardIrq: IrqLine;
  readonly auxIrq: IrqLine;
  readonly a20: IrqLine;
  /** The reset pulse; must not run the reset from inside. */
  readonly onReset: () => void;
}

/**
 * 8042 keyboard controller with a keyboard and a mouse (IBM PS/2 Hardware Interface Technical Reference,
 * keyboard and auxiliary device controller). `data` is port 60h, `command` port 64h.
 */
export class I8042 implements Device {
  readonly name = 'i8042';
  readonly keyboard = new Ps2Keyboard();
  readonly mouse = new Ps2Mouse();
  readonly data = new BytePort(
    () => this.#readData(),
    (_offset, value) => this.#writeData(value),
  );
  readonly command = new BytePort(
    () => this.#s.status,
    (_offset, value) => this.#writeCommand(value),
  );
  readonly #wiring: I8042Wiring;
  /** Answers of the controller that wait for the output buffer; those for the aux port have their own queue. */
  readonly #answers = new ByteFifo(ANSWERS);
  readonly #auxAnswers = new ByteFifo(ANSWERS);
  #s = initial();

  constructor(wiring: I8042Wiring) {
    this.#wiring = wiring;
    this.keyboard.onData = () => this.#fill();
    this.mouse.onData = () => this.#fill();
  }

  reset(): void {
    this.#s = initial();
    this.#answers.clear();
    this.#auxAnswers.clear();
    this.keyboard.reset();
    this.mouse.reset();
    this.#wiring.a20.set(true);
    this.#drive();
  }

  save(): unknown {
    return {
      controller: structuredClone(this.#s),
      answers: this.#answers.toBytes(),
      auxAnswers: this.#auxAnswers.toBytes(),
      keyboard: this.keyboard.save(),
      mouse: this.mouse.save(),
    };
  }

  load(state: unknown): void {
    const part = (value: unknown): unknown => value;
    const answers = byteQueue(ANSWERS);
    const shape = { controller: record(SHAPE), answers, auxAnswers: answers, keyboard: part, mouse: part };
    const saved = record(shape)(state, this.name);
    this.keyboard.load(saved.keyboard);
    this.mouse.load(saved.mouse);
    this.#s = saved.controller;
    this.#answers.clear();
    this.#answers.push(saved.answers);
    this.#auxAnswers.clear();
    this.#auxAnswers.push(saved.auxAnswers);
    this.#wiring.a20.set(this.#s.a20);
    this.#drive();
  }

  get #mode(): number {
    return this.#s.ram[0];
  }

  set #mode(value: number) {
    this.#s.ram[0] = value;
  }

  #readData(): number {
    const s = this.#s;
    const value = s.output;
    s.status &= ~(STATUS.outputFull | STATUS.auxData);
    this.#drive();
    this.#fill();
    return value;
  }

  #writeData(value: number): void {
    const s = this.#s;
    const command = s.pending;
    s.pending = 0;
    s.status &= ~STATUS.command;
    if (command >= 0x60 && command <= 0x7f) this.#writeRam(command & 0x1f, value);
    else if (command === 0xd1) this.#writeOutputPort(value);
    else if (command === 0xd2) this.#answer(value);
    else if (command === 0xd3) this.#auxAnswers.push(Uint8Array.of(value));
    else if (command === 0xd4) {
      this.#mode &= ~MODE.auxOff;
      this.mouse.receive(value);
    } else {
      // A byte for the keyboard opens its interface.
      this.#mode &= ~MODE.keyboardOff;
      this.keyboard.receive(value);
    }
    this.#fill();
  }

  #writeCommand(command: number): void {
    const s = this.#s;
    s.status |= STATUS.command;
    s.pending = 0;
    if (command >= 0x20 && command <= 0x3f) this.#answer(s.ram[command & 0x1f]);
    else if ((command >= 0x60 && command <= 0x7f) || (command >= 0xd1 && command <= 0xd4)) s.pending = command;
    else if (command >= 0xf0) this.#pulse(command);
    else this.#execute(command);
    this.#fill();
  }

  #execute(command: number): void {
    switch (command) {
      case 0xa7:
        this.#mode |= MODE.auxOff;
        break;
      case 0xa8:
        this.#mode &= ~MODE.auxOff;
        break;
      case 0xa9:
      case 0xab:
        this.#answer(0x00);
        break;
      case 0xaa:
        this.#s.status |= STATUS.system;
        this.#mode |= MODE.system;
        this.#answer(0x55);
        break;
      case 0xad:
        this.#mode |= MODE.keyboardOff;
        break;
      case 0xae:
        this.#mode &= ~MODE.keyboardOff;
        break;
      case 0xc0:
        this.#answer(0x80);
        break;
      case 0xd0:
        this.#answer(this.#outputPort());
        break;
      case 0xdd:
      case 0xdf:
        this.#setA20(command === 0xdf);
        break;
      case 0xe0:
        this.#answer(0x00);
        break;
      default:
        // The chip ignores commands that its firmware does not know.
        break;
    }
  }

  #writeRam(address: number, value: number): void {
    const s = this.#s;
    s.ram[address] = value;
    if (address !== 0) return;
    s.status = (s.status & ~STATUS.system) | (value & MODE.system);
    this.#drive();
  }

  #outputPort(): number {
    const { a20, status } = this.#s;
    const full = (status & STATUS.outputFull) !== 0;
    const aux = (status & STATUS.auxData) !== 0;
    return P2.idle | P2.notReset | (a20 ? P2.a20 : 0) | (full ? (aux ? P2.auxIrq : P2.keyboardIrq) : 0);
  }

  #writeOutputPort(value: number): void {
    this.#setA20((value & P2.a20) !== 0);
    if ((value & P2.notReset) === 0) this.#wiring.onReset();
  }

  /** F0h-FFh pull those of P2's bits 3-0 low whose command bit is clear, for 6 us. */
  #pulse(command: number): void {
    if ((command & P2.notReset) === 0) this.#wiring.onReset();
  }

  #setA20(level: boolean): void {
    this.#s.a20 = level;
    this.#wiring.a20.set(level);
  }

  #answer(value: number): void {
    this.#answers.push(Uint8Array.of(value));
  }

  /** Puts the next byte into an empty output buffer: the controller's own first, then keyboard, then mouse. */
  #fill(): void {
    if ((this.#s.status & STATUS.outputFull) !== 0) return;
    let byte = this.#answers.shift();
    if (byte < 0 && (this.#mode & MODE.keyboardOff) === 0) byte = this.#keyboardByte();
    let aux = false;
    if (byte < 0) {
      aux = true;
      byte = this.#auxAnswers.shift();
      if (byte < 0 && (this.#mode & MODE.auxOff) === 0) byte = this.mouse.take();
    }
    if (byte < 0) return;
    this.#s.output = byte;
    this.#s.status |= STATUS.outputFull | (aux ? STATUS.auxData : 0);
    this.#drive();
  }

  #keyboardByte(): number {
    const s = this.#s;
    const byte = this.keyboard.take();
    if (byte < 0 || (this.#mode & MODE.translate) === 0) return byte;
    if (byte === 0xf0) {
      s.breakPrefix = true;
      return this.#keyboardByte();
    }
    const translated = SET2_TO_SET1[byte] | (s.breakPrefix ? 0x80 : 0);
    s.breakPrefix = false;
    return translated;
  }

  #drive(): void {
    const { status } = this.#s;
    const full = (status & STATUS.outputFull) !== 0;
    const aux = (status & STATUS.auxData) !== 0;
    this.#wiring.keyboardIrq.set(full && !aux && (this.#mode & MODE.keyboardIrq) !== 0);
    this.#wiring.auxIrq.set(full && aux && (this.#mode & MODE.auxIrq) !== 0);
  }
}
