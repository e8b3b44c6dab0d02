import type { AccessSize, Device } from '../../bus/device.ts';
import { bytes } from '../state.ts';

/** A range that a function decodes; `onMap` is told where it lies, or undefined while it is switched off. */
export interface Bar {
  readonly kind: 'io' | 'memory';
  /** A power of two, in bytes. */
  readonly size: number;
  readonly onMap: (base: number | undefined) => void;
}

/** A register beyond the standard header: `length` bytes that reset to `value` and change where `writable` has ones. */
export interface ConfigRegister {
  readonly offset: number;
  readonly length: 1 | 2 | 4;
  readonly value: number;
  readonly writable: number;
}

export interface PciIdentity {
  readonly name: string;
  readonly vendor: number;
  readonly device: number;
  readonly revision?: number;
  /** Base class, sub-class and programming interface, 24 bits. */
  readonly classCode: number;
  readonly multifunction?: boolean;
  /** 1-4 for INTA#-INTD#. */
  readonly interruptPin?: number;
  /** Command register: what it resets to and which bits can be written. */
  readonly command?: { readonly value: number; readonly writable: number };
  readonly status?: number;
  readonly bars?: readonly Bar[];
  readonly registers?: readonly ConfigRegister[];
}

const COMMAND = 0x04;
const STATUS = 0x06;
const BAR0 = 0x10;
const IO_SPACE = 0x01;
const MEMORY_SPACE = 0x02;

/** Configuration space of one function with a type 0 header (PCI Local Bus Specification 2.1, chapter 6). */
export class PciFunction implements Device {
  readonly name: string;
  readonly multifunction: boolean;
  protected readonly config = new Uint8Array(256);
  readonly #initial = new Uint8Array(256);
  readonly #writable = new Uint8Array(256);
  /** Bits that a written one clears. */
  readonly #clearable = new Uint8Array(256);
  readonly #bars: readonly Bar[];
  readonly #mapped: (number | undefined)[];

  constructor(identity: PciIdentity) {
    this.name = identity.name;
    this.multifunction = identity.multifunction ?? false;
    this.#bars = identity.bars ?? [];
    this.#mapped = this.#bars.map(() => undefined);
    const command = identity.command ?? { value: 0, writable: 0x0007 };
    this.#define({ offset: 0x00, length: 2, value: identity.vendor, writable: 0 });
    this.#define({ offset: 0x02, length: 2, value: identity.device, writable: 0 });
    this.#define({ offset: COMMAND, length: 2, ...command });
    this.#define({ offset: STATUS, length: 2, value: identity.status ?? 0x0200, writable: 0 });
    this.#define({ offset: 0x08, length: 4, value: identity.classCode * 256 + (identity.revision ?? 0), writable: 0 });
    this.#define({ offset: 0x0e, length: 1, value: this.multifunction ? 0x80 : 0, writable: 0 });
    this.#bars.forEach((bar, index) => {
      const value = bar.kind === 'io' ? 1 : 0;
      const writable = (~(bar.size - 1) & (bar.kind === 'io' ? 0xfffffffc : 0xfffffff0)) >>> 0;
      this.#define({ offset: BAR0 + 4 * index, length: 4, value, writable });
    });
    const pin = identity.interruptPin ?? 0;
    this.#define({ offset: 0x3c, length: 1, value: 0, writable: pin === 0 ? 0 : 0xff });
    this.#define({ offset: 0x3d, length: 1, value: pin, writable: 0 });
    for (const register of identity.registers ?? []) this.#define(register);
    this.#clearable[STATUS + 1] = 0xf9;
    this.config.set(this.#initial);
  }

  reset(): void {
    this.config.set(this.#initial);
    this.#remap();
    this.changed();
  }

  save(): unknown {
    return this.config.slice();
  }

  load(state: unknown): void {
    const saved = bytes(256)(state, this.name);
    for (let i = 0; i < 256; i++) {
      const changeable = this.#writable[i] | this.#clearable[i];
      this.config[i] = (this.#initial[i] & ~changeable) | (saved[i] & changeable);
    }
    this.#remap();
    this.changed();
  }

  /** `offset` + `size` lies within the 256 bytes. */
  readConfig(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.config[offset + i] << (8 * i);
    return value >>> 0;
  }

  writeConfig(offset: number, size: AccessSize, value: number): void {
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      const byte = (value >>> (8 * i)) & 0xff;
      const writable = this.#writable[at];
      this.config[at] = ((this.config[at] & ~writable) | (byte & writable)) & ~(byte & this.#clearable[at]);
    }
    this.#remap();
    this.changed();
  }

  /** Called after registers may have changed: by a write, by reset, by load. */
  protected changed(): void {}

  #define({ offset, length, value, writable }: ConfigRegister): void {
    for (let i = 0; i < length; i++) {
      this.#initial[offset + i] = (value >>> (8 * i)) & 0xff;
      this.#writable[offset + i] = (writable >>> (8 * i)) & 0xff;
    }
  }

  #remap(): void {
    this.#bars.forEach((bar, index) => {
      const base = this.#decode(bar, index);
      if (base === this.#mapped[index]) return;
      this.#mapped[index] = base;
      bar.onMap(base);
    });
  }

  /** Where a BAR decodes: nowhere when its space is off, at 0, or where sizing with all ones puts it. */
  #decode(bar: Bar, index: number): number | undefined {
    const enabled = this.config[COMMAND] & (bar.kind === 'io' ? IO_SPACE : MEMORY_SPACE);
    if (enabled === 0) return undefined;
    const base = (this.readConfig(BAR0 + 4 * index, 4) & (bar.kind === 'io' ? ~3 : ~15)) >>> 0;
    const limit = bar.kind === 'io' ? 0x10000 : 0x100000000;
    return base === 0 || base + bar.size >= limit ? undefined : base;
  }
}
