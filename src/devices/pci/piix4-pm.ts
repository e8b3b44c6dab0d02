import { PciFunction } from './pci-function.ts';

const PMBASE = 0x40;
const PMREGMISC = 0x80;
const PMIOSE = 0x01;

/** 82371AB (PIIX4) function 3: power management; it places the ACPI I/O block (Intel 82371AB data sheet, 7.1). */
export class Piix4Pm extends PciFunction {
  readonly #onMap: (base: number | undefined) => void;
  #mapped: number | undefined;

  /** `onMap` is told where the 64 ports of the ACPI block lie, or undefined while they are off. */
  constructor(onMap: (base: number | undefined) => void) {
    super({
      name: 'piix4-pm',
      vendor: 0x8086,
      device: 0x7113,
      revision: 3,
      classCode: 0x068000,
      status: 0x0280,
      command: { value: 0, writable: 0x0001 },
      interruptPin: 1,
      registers: [
        { offset: PMBASE, length: 4, value: 1, writable: 0xffc0 },
        { offset: PMREGMISC, length: 1, value: 0, writable: PMIOSE },
        { offset: 0xd6, length: 1, value: 0, writable: 0 },
      ],
    });
    this.#onMap = onMap;
  }

  /** Places the ACPI block as firmware does. */
  enable(base: number): void {
    this.writeConfig(PMBASE, 4, base);
    this.writeConfig(PMREGMISC, 1, PMIOSE);
  }

  protected override changed(): void {
    const base = this.readConfig(PMBASE, 4) & 0xffc0;
    const mapped = (this.config[PMREGMISC] & PMIOSE) !== 0 && base !== 0 ? base : undefined;
    if (mapped === this.#mapped) return;
    this.#mapped = mapped;
    this.#onMap(mapped);
  }
}
