import { hashBytes } from '../byte-hash.ts';
import { compile } from './web-assembly.ts';

interface Kept {
  readonly bytes: Uint8Array;
  readonly module: object;
}

/** Bytes of modules that are kept, at most; V8 takes some 11 bytes for each. */
const LIMIT = 6 * 2 ** 20;
/** A module takes as much beside its code as for so many bytes of it. */
const MODULE = 2300;

/**
 * Modules by their bytes. The same guest code at another address, as each process of a guest has it, and code that was
 * thrown away and becomes hot again, is compiled and optimised once.
 */
export class Modules {
  /** By a hash of the bytes; used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  readonly #limit: number;
  /** Times that a module was there. */
  found = 0;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  /**
   * @param ready the module of these bytes, where it was compiled elsewhere
   * @throws CompileError
   */
  of(bytes: Uint8Array, ready?: object): object {
    const key = keyOf(bytes);
    const kept = this.#kept.get(key);
    this.#forget(key);
    if (kept !== undefined && isSame(kept.bytes, bytes)) {
      this.found++;
      this.#keep(key, kept);
      return kept.module;
    }
    const module = ready ?? compile(bytes);
    this.#keep(key, { bytes, module });
    return module;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes.length + MODULE;
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= this.#limit) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes.length + MODULE;
  }
}

const keyOf = (bytes: Uint8Array): string => hashBytes(bytes, 0, bytes.length, bytes.length, 0).join(':');

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
