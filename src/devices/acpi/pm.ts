import type { Clock, Timer } from '../../bus/clock.ts';
import type { AccessSize, Device, IoHandler } from '../../bus/device.ts';
import type { IrqLine } from '../../bus/irq.ts';
import { BytePort, BytePorts } from '../byte-ports.ts';
import { int, record, type StateOf, u8, u16 } from '../state.ts';

/** Frequency of the ACPI PM timer (ACPI 2.0, 4.7.3.3). */
const PM_TIMER_HZ = 3_579_545;
/** SLP_TYP of soft-off: SUS_TYP 000 of the PIIX4. */
export const S5_TYPE = 0;
/** What to write to the APM control port to enter and leave ACPI mode. */
export const APM_COMMAND = { acpiEnable: 0xf1, acpiDisable: 0xf0 };
/** Offsets in the block of 64 ports. */
export const PM_BLOCK = { event: 0x00, control: 0x04, timer: 0x08, gpe: 0x0c, length: 0x40 };

const TIMER_BITS = 24;
/** TMR_STS is set when the top bit of the timer changes. */
const HALF_TURN = 2 ** (TIMER_BITS - 1);

const PM1 = { timer: 0x0001, busMaster: 0x0010, global: 0x0020, powerButton: 0x0100, rtc: 0x0400, wake: 0x8000 };
const STATUS_BITS = PM1.timer | PM1.busMaster | PM1.global | PM1.powerButton | PM1.rtc | PM1.wake;
const ENABLE_BITS = PM1.timer | PM1.global | PM1.powerButton | PM1.rtc;
const CONTROL = { sciEnable: 0x0001, sleepType: 0x1c00, sleepEnable: 0x2000 };

const SHAPE = {
  status: u16,
  enable: u16,
  control: u16,
  gpeEnable: u16,
  apmControl: u8,
  apmStatus: u8,
  /** Half turns of the timer for which TMR_STS has been set. */
  turnsSeen: int(0, Number.MAX_SAFE_INTEGER),
};

const initial = (turnsSeen: number): StateOf<typeof SHAPE> => ({
  status: 0,
  enable: 0,
  control: 0,
  gpeEnable: 0,
  apmControl: 0,
  apmStatus: 0,
  turnsSeen,
});

/**
 * The ACPI registers of the PIIX4 (Intel 82371AB data sheet, 7.2; ACPI 2.0, 4.7): PM1 event and control, the PM
 * timer and an empty general purpose event block. {@link apm} is B2h-B3h: it does what the SMI handler of a
 * firmware would, which is to switch SCI_EN.
 */
export class AcpiPm extends BytePorts implements Device {
  readonly name = 'acpi-pm';
  readonly apm: IoHandler;
  readonly #clock: Clock;
  readonly #sci: IrqLine;
  readonly #onPowerOff: () => void;
  readonly #timer: Timer;
  #s: StateOf<typeof SHAPE>;

  constructor(clock: Clock, sci: IrqLine, onPowerOff: () => void) {
    super();
    this.#clock = clock;
    this.#sci = sci;
    this.#onPowerOff = onPowerOff;
    this.#timer = clock.timer(() => this.#update());
    this.#s = initial(this.#turns);
    this.apm = new BytePort(
      (offset) => (offset === 0 ? this.#s.apmControl : this.#s.apmStatus),
      (offset, value) => this.#writeApm(offset, value),
    );
  }

  reset(): void {
    this.#s = initial(this.#turns);
    this.#update();
  }

  save(): unknown {
    return structuredClone(this.#s);
  }

  load(state: unknown): void {
    this.#s = record(SHAPE)(state, this.name);
    this.#update();
  }

  /** The user pushes the button: the guest is asked to shut down, if it listens. */
  pressPowerButton(): void {
    this.#s.status |= PM1.powerButton;
    this.#update();
  }

  override read(offset: number, size: AccessSize): number {
    if (offset === PM_BLOCK.timer && size === 4) return this.#ticks % 2 ** TIMER_BITS;
    return super.read(offset, size);
  }

  protected readByte(offset: number): number {
    const register = offset & ~1;
    return (this.#register(register) >> (8 * (offset & 1))) & 0xff;
  }

  protected writeByte(offset: number, value: number): void {
    const s = this.#s;
    const shift = 8 * (offset & 1);
    const merge = (old: number, mask: number) => ((old & ~(0xff << shift)) | (value << shift)) & mask;
    switch (offset & ~1) {
      case 0x00:
        this.#countTurns();
        s.status &= ~(value << shift) | ~STATUS_BITS;
        break;
      case 0x02:
        s.enable = merge(s.enable, ENABLE_BITS);
        break;
      case 0x04:
        this.#writeControl(merge(s.control, 0x3fff));
        break;
      case 0x0e:
        s.gpeEnable = merge(s.gpeEnable, 0xffff);
        break;
      default:
        // The timer is read-only; the remaining registers belong to parts of the PIIX4 that are not there.
        break;
    }
    this.#update();
  }

  #register(offset: number): number {
    switch (offset) {
      case 0x00:
        this.#countTurns();
        return this.#s.status;
      case 0x02:
        return this.#s.enable;
      case 0x04:
        return this.#s.control;
      case 0x08:
        return this.#ticks & 0xffff;
      case 0x0a:
        return Math.floor(this.#ticks / 0x10000) & 0xff;
      case 0x0e:
        return this.#s.gpeEnable;
      default:
        return 0;
    }
  }

  /** SLP_EN is write-only. Sleep states other than S5 are not offered by the tables and do nothing. */
  #writeControl(value: number): void {
    this.#s.control = value & ~CONTROL.sleepEnable;
    const type = (value & CONTROL.sleepType) >> 10;
    if ((value & CONTROL.sleepEnable) !== 0 && type === S5_TYPE) this.#onPowerOff();
  }

  #writeApm(offset: number, value: number): void {
    const s = this.#s;
    if (offset !== 0) {
      s.apmStatus = value;
      return;
    }
    s.apmControl = value;
    if (value === APM_COMMAND.acpiEnable) s.control |= CONTROL.sciEnable;
    if (value === APM_COMMAND.acpiDisable) s.control &= ~CONTROL.sciEnable;
    this.#update();
  }

  get #ticks(): number {
    return Math.floor((this.#clock.now() * PM_TIMER_HZ) / 1e9);
  }

  get #turns(): number {
    return Math.floor(this.#ticks / HALF_TURN);
  }

  #countTurns(): void {
    const turns = this.#turns;
    if (turns === this.#s.turnsSeen) return;
    this.#s.turnsSeen = turns;
    this.#s.status |= PM1.timer;
  }

  /** Drives SCI, and wakes for the next half turn only when that would raise it. */
  #update(): void {
    this.#countTurns();
    const { status, enable, control } = this.#s;
    const sciEnabled = (control & CONTROL.sciEnable) !== 0;
    this.#sci.set(sciEnabled && (status & enable) !== 0);
    if (sciEnabled && (enable & ~status & PM1.timer) !== 0) {
      this.#timer.arm(Math.ceil(((this.#s.turnsSeen + 1) * HALF_TURN * 1e9) / PM_TIMER_HZ) + 1);
    } else if (this.#timer.armed) this.#timer.cancel();
  }
}
