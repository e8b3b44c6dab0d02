import type { Device, IoHandler } from '../../bus/device.ts';
import { record, u32 } from '../state.ts';
import type { PciFunction } from './pci-function.ts';

const ENABLE = 0x80000000;
/** D30-D24 and D1-D0 of CONFIG_ADDRESS are reserved and read 0. */
const ADDRESS_BITS = 0x80fffffc;

/**
 * PCI bus 0 behind configuration mechanism #1 (PCI Local Bus Specification 2.1, 3.7.4.1).
 * `address` is CF8h-CFBh and `data` CFCh-CFFh; the functions are reset and saved by the board.
 */
export class PciBus implements Device {
  readonly name = 'pci';
  readonly address: IoHandler;
  readonly data: IoHandler;
  readonly #functions = new Map<number, PciFunction>();
  #address = 0;

  /** Accesses to CF8h-CFBh that are not whole dwords go to `beside`, byte by byte: CF9h is the reset control. */
  constructor(beside: { readonly cf9: IoHandler }) {
    this.address = {
      read: (offset, size) => {
        if (size === 4) return this.#address;
        return offset === 1 && size === 1 ? beside.cf9.read(0, 1) : 2 ** (8 * size) - 1;
      },
      write: (offset, size, value) => {
        if (size === 4) this.#address = (value & ADDRESS_BITS) >>> 0;
        else if (offset === 1 && size === 1) beside.cf9.write(0, 1, value);
      },
    };
    this.data = {
      read: (offset, size) =>
        this.#selected()?.readConfig((this.#address & 0xfc) + offset, size) ?? 2 ** (8 * size) - 1,
      write: (offset, size, value) => this.#selected()?.writeConfig((this.#address & 0xfc) + offset, size, value),
    };
  }

  /** Puts a function at a slot (0-31). Throws when the place is taken. */
  add(slot: number, fn: number, pciFunction: PciFunction): void {
    const key = slot * 8 + fn;
    const other = this.#functions.get(key);
    if (other !== undefined)
      throw new Error(`PCI ${slot}.${fn} of ${pciFunction.name} already belongs to ${other.name}`);
    this.#functions.set(key, pciFunction);
  }

  reset(): void {
    this.#address = 0;
  }

  save(): unknown {
    return { address: this.#address };
  }

  load(state: unknown): void {
    this.#address = (record({ address: u32 })(state, this.name).address & ADDRESS_BITS) >>> 0;
  }

  #selected(): PciFunction | undefined {
    const address = this.#address;
    const onBus0 = (address & ENABLE) !== 0 && (address & 0xff0000) === 0;
    return onBus0 ? this.#functions.get((address >> 8) & 0xff) : undefined;
  }
}
