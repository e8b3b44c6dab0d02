import { BootError } from './boot-error.ts';
import { LOADER_AREA } from './boot-memory.ts';

const SIZE = LOADER_AREA.commandLine - LOADER_AREA.info;

/** Collects the tables that a loader leaves for the kernel in conventional memory. */
export class InfoArea {
  readonly #bytes = new Uint8Array(SIZE);
  #used = 0;

  /** Appends a table. @returns its guest address, a multiple of 8 @throws BootError when 64 KiB are full */
  place(table: Uint8Array): number {
    const at = this.#used;
    if (at + table.length > SIZE) {
      throw new BootError(
        'the tables of the boot modules take more than 64 KB: give fewer modules or shorter arguments',
      );
    }
    this.#bytes.set(table, at);
    this.#used = Math.ceil((at + table.length) / 8) * 8;
    return LOADER_AREA.info + at;
  }

  /** All tables so far, for {@link LOADER_AREA}.info. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** Little-endian 32-bit words. */
export const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A number below 2^53 as two words, low half first. */
export const quad = (value: number): [number, number] => [value % 2 ** 32, Math.floor(value / 2 ** 32)];
