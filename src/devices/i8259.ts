import type { Device } from '../bus/device.ts';
import type { InterruptSource, IrqLine } from '../bus/irq.ts';
import { BytePort, BytePorts } from './byte-ports.ts';
import { flag, int, record, type StateOf, u8 } from './state.ts';

const LEVEL = int(0, 7);

const SHAPE = {
  irr: u8,
  isr: u8,
  imr: u8,
  /** Levels of IR7-IR0 as they stand. */
  inputs: u8,
  /** ELCR byte: inputs that are level-triggered. */
  elcr: u8,
  /** The ICW expected next at A0=1; 0 when initialisation is over. */
  nextIcw: int(0, 4),
  vectorBase: u8,
  icw3: u8,
  needsIcw4: flag,
  single: flag,
  levelTriggered: flag,
  autoEoi: flag,
  rotateOnAutoEoi: flag,
  specialFullyNested: flag,
  specialMask: flag,
  poll: flag,
  readIsr: flag,
  lowest: LEVEL,
};

const initial = (): StateOf<typeof SHAPE> => ({
  irr: 0,
  isr: 0,
  imr: 0,
  inputs: 0,
  elcr: 0,
  nextIcw: 0,
  vectorBase: 0,
  icw3: 0,
  needsIcw4: false,
  single: false,
  levelTriggered: false,
  autoEoi: false,
  rotateOnAutoEoi: false,
  specialFullyNested: false,
  specialMask: false,
  poll: false,
  readIsr: false,
  lowest: 7,
});

/** ICW1 (A0=0): D4 set, D3 LTIM, D1 SNGL, D0 IC4. */
const ICW1 = 0x10;
/** OCW3 (A0=0): D4 clear, D3 set. */
const OCW3 = 0x08;

/**
 * One 8259A programmable interrupt controller in 8086 mode (Intel 8259A data sheet, order 231468).
 * Offset 0 is A0=0, offset 1 is A0=1.
 */
export class I8259 extends BytePorts implements Device {
  readonly name: string;
  /** The INT pin. */
  int = false;
  readonly #onInt: (level: boolean) => void;
  #s = initial();

  constructor(name: string, onInt: (level: boolean) => void) {
    super();
    this.name = name;
    this.#onInt = onInt;
  }

  reset(): void {
    const { inputs } = this.#s;
    this.#s = { ...initial(), inputs };
    this.#resolve();
  }

  save(): unknown {
    return structuredClone(this.#s);
  }

  load(state: unknown): void {
    this.#s = record(SHAPE)(state, this.name);
    this.#resolve();
  }

  /** Drives IR`level`. In edge mode the request is dropped if the pin falls before INTA, as in the data sheet. */
  input(level: number, high: boolean): void {
    const bit = 1 << level;
    const s = this.#s;
    if (((s.inputs & bit) !== 0) === high) return;
    s.inputs ^= bit;
    if (high) s.irr |= bit;
    else s.irr &= ~bit;
    this.#resolve();
  }

  get elcr(): number {
    return this.#s.elcr;
  }

  /** Edge/level control (82371 ELCR): a set bit makes that input level-triggered. */
  set elcr(value: number) {
    const s = this.#s;
    s.elcr = value & 0xff;
    s.irr |= s.inputs & s.elcr;
    this.#resolve();
  }

  /** True when ICW3 says that a slave hangs at this input. */
  cascades(level: number): boolean {
    return !this.#s.single && (this.#s.icw3 & (1 << level)) !== 0;
  }

  /** INTA: takes the request of highest priority into service and returns its level; 7 unserved when it has gone. */
  acknowledge(): number {
    const level = this.#winner();
    if (level < 0) return 7;
    this.#serve(level);
    return level;
  }

  /** The vector that a level stands for. */
  vector(level: number): number {
    return this.#s.vectorBase | level;
  }

  protected readByte(offset: number): number {
    const s = this.#s;
    if (s.poll) {
      s.poll = false;
      const level = this.#winner();
      if (level < 0) return 0;
      this.#serve(level);
      return 0x80 | level;
    }
    if (offset === 1) return s.imr;
    return s.readIsr ? s.isr : s.irr;
  }

  protected writeByte(offset: number, value: number): void {
    if (offset === 1) this.#writeOdd(value);
    else if ((value & ICW1) !== 0) this.#icw1(value);
    else if ((value & OCW3) !== 0) this.#ocw3(value);
    else this.#ocw2(value);
    this.#resolve();
  }

  #icw1(value: number): void {
    const { inputs, elcr, vectorBase, icw3 } = this.#s;
    const levelTriggered = (value & 0x08) !== 0;
    this.#s = {
      ...initial(),
      inputs,
      elcr,
      vectorBase,
      icw3,
      nextIcw: 2,
      needsIcw4: (value & 0x01) !== 0,
      single: (value & 0x02) !== 0,
      levelTriggered,
      irr: levelTriggered ? inputs : inputs & elcr,
    };
  }

  #writeOdd(value: number): void {
    const s = this.#s;
    switch (s.nextIcw) {
      case 2:
        s.vectorBase = value & 0xf8;
        s.nextIcw = s.single ? (s.needsIcw4 ? 4 : 0) : 3;
        break;
      case 3:
        s.icw3 = value;
        s.nextIcw = s.needsIcw4 ? 4 : 0;
        break;
      case 4:
        s.specialFullyNested = (value & 0x10) !== 0;
        s.autoEoi = (value & 0x02) !== 0;
        s.nextIcw = 0;
        break;
      default:
        s.imr = value;
    }
  }

  /** OCW2: D7 R, D6 SL, D5 EOI, D2-D0 the level. */
  #ocw2(value: number): void {
    const s = this.#s;
    const level = value & 7;
    switch (value >> 5) {
      case 0:
      case 4:
        s.rotateOnAutoEoi = value >> 5 === 4;
        break;
      case 1:
      case 5: {
        const served = this.#highest(s.specialMask ? s.isr & ~s.imr : s.isr);
        if (served < 0) break;
        s.isr &= ~(1 << served);
        if (value >> 5 === 5) s.lowest = served;
        break;
      }
      case 3:
        s.isr &= ~(1 << level);
        break;
      case 6:
        s.lowest = level;
        break;
      case 7:
        s.isr &= ~(1 << level);
        s.lowest = level;
    }
  }

  /** OCW3: D6 ESMM, D5 SMM, D2 P, D1 RR, D0 RIS. */
  #ocw3(value: number): void {
    const s = this.#s;
    if ((value & 0x40) !== 0) s.specialMask = (value & 0x20) !== 0;
    if ((value & 0x04) !== 0) s.poll = true;
    else if ((value & 0x02) !== 0) s.readIsr = (value & 0x01) !== 0;
  }

  #serve(level: number): void {
    const s = this.#s;
    const bit = 1 << level;
    if (!s.levelTriggered && (s.elcr & bit) === 0) s.irr &= ~bit;
    if (!s.autoEoi) s.isr |= bit;
    else if (s.rotateOnAutoEoi) s.lowest = level;
    // INT falls with every INTA, so that a master sees an edge for a slave's next request.
    this.#drive(false);
    this.#resolve();
  }

  /** The level of highest priority in a set, -1 for the empty set. */
  #highest(set: number): number {
    if (set === 0) return -1;
    let level = this.#s.lowest;
    do level = (level + 1) & 7;
    while ((set & (1 << level)) === 0);
    return level;
  }

  /** The request that INT stands for, -1 when there is none. */
  #winner(): number {
    const s = this.#s;
    const request = this.#highest(s.irr & ~s.imr);
    if (request < 0) return -1;
    const served = this.#highest(s.specialMask ? s.isr & ~s.imr : s.isr);
    if (served < 0) return request;
    const rank = (level: number) => (level - s.lowest + 7) & 7;
    if (rank(request) < rank(served)) return request;
    return request === served && s.specialFullyNested && this.cascades(request) ? request : -1;
  }

  #resolve(): void {
    this.#drive(this.#s.nextIcw === 0 && this.#winner() >= 0);
  }

  #drive(level: boolean): void {
    if (level === this.int) return;
    this.int = level;
    this.#onInt(level);
  }
}

/** The input of the master at which a PC's slave hangs. */
const CASCADE = 2;
/** ELCR bits that are wired to edge: IRQ 0, 1, 2 and 8, 13 (82371 data sheet, ELCR1 and ELCR2). */
const ELCR_WRITABLE = [0xf8, 0xde];

/** The two 8259As of a PC: IRQ 0-7 at the master, 8-15 at the slave, and the ELCR pair. */
export class PicPair implements Device, InterruptSource {
  readonly name = 'i8259';
  readonly master: I8259;
  readonly slave: I8259;
  /** Two bytes, ELCR1 (IRQ 0-7) and ELCR2 (IRQ 8-15). */
  readonly elcr: BytePorts;
  /** Told at once when INTR changes. */
  onChange: (pending: boolean) => void = () => {};

  constructor() {
    this.master = new I8259('i8259 master', (level) => this.onChange(level));
    this.slave = new I8259('i8259 slave', (level) => this.master.input(CASCADE, level));
    const chip = (offset: number) => (offset === 0 ? this.master : this.slave);
    this.elcr = new BytePort(
      (offset) => chip(offset).elcr,
      (offset, value) => {
        chip(offset).elcr = value & ELCR_WRITABLE[offset & 1];
      },
    );
  }

  get pending(): boolean {
    return this.master.int;
  }

  acknowledge(): number {
    const level = this.master.acknowledge();
    if (level !== CASCADE || !this.master.cascades(CASCADE)) return this.master.vector(level);
    return this.slave.vector(this.slave.acknowledge());
  }

  /** The wire of IRQ 0-15. IRQ 2 is the cascade and leads nowhere. */
  lines(irq: number): IrqLine {
    if (irq < 0 || irq > 15) throw new Error(`there is no IRQ ${irq}: a PC has IRQ 0 to 15`);
    if (irq === CASCADE) return { set() {} };
    const chip = irq < 8 ? this.master : this.slave;
    return { set: (level) => chip.input(irq & 7, level) };
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
  }

  save(): unknown {
    return { master: this.master.save(), slave: this.slave.save() };
  }

  load(state: unknown): void {
    const { master, slave } = record({ master: pass, slave: pass })(state, this.name);
    this.slave.load(slave);
    this.master.load(master);
  }
}

const pass = (value: unknown): unknown => value;
