import type { CodeCache } from './code-cache.ts';
import type { Forms } from './forms.ts';
import type { Regions } from './jit/regions.ts';

/** How much of the guest's code is kept in translated form. */
export interface CodeLimits {
  /** Predecoded instructions, 64 bytes each; a page takes more than a hundred, and a few pages must have room. */
  readonly records: number;
  /**
   * Characters of regions in JavaScript: 7 bytes each with what V8 makes of them, measured over 47 regions of a Debian
   * guest. What a region in WebAssembly counts for is in wasm-emitter.ts.
   */
  readonly characters: number;
  /** Functions of the interpreter. */
  readonly forms: number;
}

export const CODE_LIMITS: CodeLimits = { records: 800_000, characters: 16_000_000, forms: 20_000 };
/** So many records there may be beyond the limit until the CPU has come to an instruction boundary. */
export const SPARE_RECORDS = 20_000;

/** This much of a limit is left when it was reached. */
const KEPT = 3 / 4;
/** Epochs in which a limit's worth of code is made. */
const EPOCHS = 8;

/**
 * Keeps translated code within its limits: what was not used for longest goes (docs/adr/0010). The age of a
 * page of records or of a region is the epoch of its last use; an epoch lasts until a part of a limit was made.
 */
export class CodeKeeper {
  readonly #code: CodeCache;
  readonly #forms: Forms;
  readonly #regions: Regions | undefined;
  readonly #limits: CodeLimits;
  /** Records and characters made when the epoch began. */
  #decoded = 0;
  #emitted = 0;

  /** `attention` asks the CPU to come to an instruction boundary and call `trim`. */
  constructor(code: CodeCache, forms: Forms, regions: Regions | undefined, limits: CodeLimits, attention: () => void) {
    this.#code = code;
    this.#forms = forms;
    this.#regions = regions;
    this.#limits = limits;
    code.fullAt = this.#limits.records;
    code.onFull = attention;
    if (regions !== undefined) regions.fullAt = limits.characters;
  }

  /** To be called at an instruction boundary, where no record and no region runs. */
  trim(): void {
    const code = this.#code;
    const regions = this.#regions;
    const { records, characters, forms } = this.#limits;
    const emitted = regions?.stats.characters ?? 0;
    if (
      (code.predecoder.decoded - this.#decoded) * EPOCHS > records ||
      (emitted - this.#emitted) * EPOCHS > characters
    ) {
      this.#decoded = code.predecoder.decoded;
      this.#emitted = emitted;
      code.newEpoch();
    }
    if (this.#forms.count > forms) {
      code.clear();
      code.sweep();
      this.#forms.clear();
    }
    if (code.needsSweep || code.size > records) code.sweep();
    if (code.size > records) {
      regions?.markPages();
      code.evict(records * KEPT);
    }
    if (regions?.wantsRoom === true) regions.evict(0);
    else if (regions !== undefined && regions.characters > characters) regions.evict(characters * KEPT);
    code.releaseEmpty();
  }
}
