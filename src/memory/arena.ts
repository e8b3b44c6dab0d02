/** Where zeroed memory lies. */
interface Place {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
}

/** Is told of bytes that will soon be used, most of them: the host may have a cheaper way to give them. */
export type UseAdvice = (bytes: Uint8Array) => void;

/** Part of a buffer; nobody has written to it. */
interface Part {
  readonly buffer: ArrayBuffer;
  readonly from: number;
  /** The first byte behind it. */
  readonly to: number;
}

/**
 * Gives out memory that is never given back: pieces of one part of a buffer, so that emitted code reaches all of them,
 * or, without a part, a buffer for each.
 */
export class Arena {
  readonly #part: Part | undefined;
  readonly #advice: UseAdvice | undefined;
  #next: number;

  constructor(part?: Part, advice?: UseAdvice) {
    this.#part = part;
    this.#advice = advice;
    this.#next = part?.from ?? 0;
  }

  /** Most of these bytes, which it has given out, will be used from the first on. */
  expectUse({ buffer, byteOffset, byteLength }: Int32Array): void {
    this.#advice?.(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  }

  /**
   * Zeroed bytes, from a multiple of `alignment` on, a power of 2.
   * @throws Error when the part has no room for them
   */
  take(bytes: number, alignment = 64): Place {
    const part = this.#part;
    if (part === undefined) return { buffer: new ArrayBuffer(bytes), byteOffset: 0 };
    const byteOffset = Math.ceil(this.#next / alignment) * alignment;
    if (byteOffset + bytes > part.to) {
      throw new Error(`no room for ${bytes} bytes more beside RAM: ${Math.max(0, part.to - byteOffset)} are left`);
    }
    this.#next = byteOffset + bytes;
    return { buffer: part.buffer, byteOffset };
  }

  takeWords(count: number): Int32Array {
    const { buffer, byteOffset } = this.take(4 * count);
    return new Int32Array(buffer, byteOffset, count);
  }
}
