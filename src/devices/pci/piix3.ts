import type { IrqLine } from '../../bus/irq.ts';
import { OrGate } from '../or-gate.ts';
import { PciFunction } from './pci-function.ts';

const PIRQRC = 0x60;
const NOT_ROUTED = 0x80;
/** IRQ 3-7, 9-12, 14, 15; the other values of a PIRQ route control register are reserved. */
const ROUTABLE = 0xdef8;

/** 82371SB (PIIX3) function 0: PCI to ISA bridge with PIRQ routing (Intel 82371SB data sheet, 2.2). */
export class Piix3 extends PciFunction {
  readonly #irqs: readonly IrqLine[];
  readonly #pirqs: OrGate[];
  /** Levels of PIRQA#-PIRQD#, bits 0-3, high for asserted. */
  #asserted = 0;
  /** IRQs that are being driven. */
  #driven = 0;

  /** `irqs` are the sixteen ISA interrupt wires; only those that a PIRQ can reach are driven. */
  constructor(irqs: readonly IrqLine[]) {
    super({
      name: 'piix3',
      vendor: 0x8086,
      device: 0x7000,
      classCode: 0x060100,
      multifunction: true,
      command: { value: 0x0007, writable: 0x0008 },
      registers: [
        { offset: 0x4c, length: 1, value: 0x4d, writable: 0x7f },
        { offset: 0x4e, length: 2, value: 0x0003, writable: 0x01ff },
        ...[0, 1, 2, 3].map((n) => ({ offset: PIRQRC + n, length: 1 as const, value: NOT_ROUTED, writable: 0x8f })),
        { offset: 0x69, length: 1, value: 0x02, writable: 0xfe },
        { offset: 0x6a, length: 2, value: 0, writable: 0x8000 },
        { offset: 0x70, length: 1, value: NOT_ROUTED, writable: 0xcf },
        { offset: 0x76, length: 2, value: 0x0c0c, writable: 0x8f8f },
        { offset: 0x82, length: 1, value: 0, writable: 0x0f },
        { offset: 0xa0, length: 1, value: 0x08, writable: 0x1f },
        { offset: 0xa2, length: 2, value: 0, writable: 0xffff },
        { offset: 0xa4, length: 4, value: 0, writable: 0xffffffff },
        { offset: 0xa8, length: 1, value: 0x0f, writable: 0xff },
        { offset: 0xaa, length: 2, value: 0, writable: 0x00ff },
      ],
    });
    this.#irqs = irqs;
    this.#pirqs = [0, 1, 2, 3].map((n) => new OrGate({ set: (level) => this.#setPirq(n, level) }));
  }

  /** A wire for the INT pin (1-4) of a device at `slot`, active high; see {@link pirqOf}. */
  intx(slot: number, pin: number): IrqLine {
    return this.#pirqs[pirqOf(slot, pin)].input();
  }

  protected override changed(): void {
    this.#route();
  }

  #setPirq(n: number, level: boolean): void {
    this.#asserted = level ? this.#asserted | (1 << n) : this.#asserted & ~(1 << n);
    this.#route();
  }

  #route(): void {
    let wanted = 0;
    for (let n = 0; n < 4; n++) {
      const control = this.config[PIRQRC + n];
      if ((this.#asserted & (1 << n)) !== 0 && (control & NOT_ROUTED) === 0) wanted |= 1 << (control & 15);
    }
    wanted &= ROUTABLE;
    const changed = wanted ^ this.#driven;
    this.#driven = wanted;
    for (let irq = 0; irq < 16; irq++) {
      if ((changed & (1 << irq)) !== 0) this.#irqs[irq].set((wanted & (1 << irq)) !== 0);
    }
  }
}

/** Which PIRQ (0-3) the INT pin (1-4) of a slot is wired to: the board turns the four by one for each slot. */
export const pirqOf = (slot: number, pin: number): number => (slot + pin + 2) & 3;
