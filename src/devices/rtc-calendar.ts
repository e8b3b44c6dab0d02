/** Time and date registers of the MC146818 by CMOS index, and the century byte that a PC keeps at 32h. */
const RTC = {
  seconds: 0,
  secondsAlarm: 1,
  minutes: 2,
  minutesAlarm: 3,
  hours: 4,
  hoursAlarm: 5,
  dayOfWeek: 6,
  day: 7,
  month: 8,
  year: 9,
  century: 0x32,
} as const;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The clock's counters in the encoding that register B asks for: DM (bit 2) binary instead of BCD, 24/12 (bit 1).
 * Like the chip it counts whatever the guest left there: a value out of range goes on until it meets its limit.
 */
export class RtcCalendar {
  readonly #ram: Uint8Array;
  readonly #registerB: () => number;

  constructor(ram: Uint8Array, registerB: () => number) {
    this.#ram = ram;
    this.#registerB = registerB;
  }

  /** Sets all registers from milliseconds since 1970, shown as UTC. */
  set(epochMs: number): void {
    const date = new Date(epochMs);
    this.#put(RTC.seconds, date.getUTCSeconds());
    this.#put(RTC.minutes, date.getUTCMinutes());
    this.#ram[RTC.hours] = this.#encodeHours(date.getUTCHours());
    this.#put(RTC.dayOfWeek, date.getUTCDay() + 1);
    this.#put(RTC.day, date.getUTCDate());
    this.#put(RTC.month, date.getUTCMonth() + 1);
    this.#put(RTC.year, date.getUTCFullYear() % 100);
    this.#put(RTC.century, Math.floor(date.getUTCFullYear() / 100));
  }

  /** One second passes. */
  tick(): void {
    if (!this.#carry(RTC.seconds, 59, 0)) return;
    if (!this.#carry(RTC.minutes, 59, 0)) return;
    const hours = (this.#decodeHours(this.#ram[RTC.hours]) + 1) % 24;
    this.#ram[RTC.hours] = this.#encodeHours(hours);
    if (hours !== 0) return;
    this.#carry(RTC.dayOfWeek, 7, 1);
    if (!this.#carry(RTC.day, this.#daysInMonth(), 1)) return;
    if (!this.#carry(RTC.month, 12, 1)) return;
    if (this.#carry(RTC.year, 99, 0)) this.#carry(RTC.century, 99, 0);
  }

  /** True when the time equals the alarm; an alarm byte of C0h-FFh matches anything. */
  get alarmMatches(): boolean {
    const ram = this.#ram;
    return (
      matches(ram[RTC.secondsAlarm], ram[RTC.seconds]) &&
      matches(ram[RTC.minutesAlarm], ram[RTC.minutes]) &&
      matches(ram[RTC.hoursAlarm], ram[RTC.hours])
    );
  }

  /** Adds one; past `last` the register becomes `first` and true is returned. */
  #carry(index: number, last: number, first: number): boolean {
    const value = this.#get(index);
    const carry = value >= last;
    this.#put(index, carry ? first : value + 1);
    return carry;
  }

  /** Only the two year digits are known to the chip, so every fourth year is a leap year. */
  #daysInMonth(): number {
    const month = this.#get(RTC.month);
    if (month === 2 && this.#get(RTC.year) % 4 === 0) return 29;
    return DAYS[month - 1] ?? 31;
  }

  get #binary(): boolean {
    return (this.#registerB() & 0x04) !== 0;
  }

  get #hours24(): boolean {
    return (this.#registerB() & 0x02) !== 0;
  }

  #get(index: number): number {
    const value = this.#ram[index];
    return this.#binary ? value : fromBcd(value);
  }

  #put(index: number, value: number): void {
    this.#ram[index] = this.#encode(value);
  }

  #encode(value: number): number {
    return this.#binary ? value : toBcd(value);
  }

  #encodeHours(hours: number): number {
    if (this.#hours24) return this.#encode(hours);
    return this.#encode(hours % 12 === 0 ? 12 : hours % 12) | (hours >= 12 ? 0x80 : 0);
  }

  #decodeHours(value: number): number {
    const hours = this.#binary ? value & 0x7f : fromBcd(value & 0x7f);
    if (this.#hours24) return hours;
    return (hours % 12) + ((value & 0x80) !== 0 ? 12 : 0);
  }
}

const matches = (alarm: number, value: number): boolean => alarm >= 0xc0 || alarm === value;
const fromBcd = (value: number): number => (value >> 4) * 10 + (value & 15);
const toBcd = (value: number): number => ((Math.floor(value / 10) % 10) << 4) | (value % 10);
