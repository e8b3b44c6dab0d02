import { Arena, type UseAdvice } from './arena.ts';

/** WebAssembly.Memory; Node's types do not name it. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
interface WasmMemoryConstructor {
  new (pages: { readonly initial: number; readonly maximum: number }): WasmMemory;
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: WasmMemoryConstructor } }).WebAssembly;

const WASM_PAGE = 65_536;
/** 32-bit addresses reach no more. */
const MOST_WASM_PAGES = 65_536;

/**
 * The bytes of guest RAM and ROM images: one buffer, typed views over it.
 * RAM lies at offset 0; ROM images follow behind it. Where they appear to the guest is the
 * address map's matter. Behind them the buffer may have a spare part, which no view shows.
 */
export class GuestRam {
  readonly buffer: ArrayBuffer;
  /** The memory that the buffer is of, when WebAssembly code can be given it. */
  readonly memory: WasmMemory | undefined;
  /** Bytes of RAM. */
  readonly size: number;
  /** Bytes of RAM and ROM images. */
  readonly length: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  #spare: Arena | undefined;

  /** `buffer` holds RAM and ROM images, a multiple of 4096 bytes; it may come from an accelerator (mmap). */
  constructor(buffer: ArrayBuffer, size: number, length = buffer.byteLength, memory?: WasmMemory) {
    this.buffer = buffer;
    this.memory = memory;
    this.size = size;
    this.length = length;
    this.u8 = new Uint8Array(buffer, 0, length);
    this.u16 = new Uint16Array(buffer, 0, length / 2);
    this.i32 = new Int32Array(buffer, 0, length / 4);
    this.view = new DataView(buffer, 0, length);
  }

  /**
   * RAM in WebAssembly memory, with room for `spare` bytes; in a buffer of its own where the host does not give that:
   * it wants 4 GiB together, and some 10 GiB of the address space. `advice` is told of RAM, and of what in the spare part will
   * be used.
   * @throws RangeError when the host has not so much memory
   */
  static allocate(size: number, romSize: number, spare: number, advice?: UseAdvice): GuestRam {
    const length = size + romSize;
    const memory = tryMemory(length + spare);
    if (memory === undefined) return new GuestRam(new ArrayBuffer(length), size);
    const ram = new GuestRam(memory.buffer, size, length, memory);
    advice?.(ram.u8.subarray(0, size));
    ram.#spare = new Arena({ buffer: memory.buffer, from: length, to: memory.buffer.byteLength }, advice);
    return ram;
  }

  /** The spare part for the first that asks; the next, and RAM without one, get memory elsewhere. */
  takeSpare(): Arena {
    const spare = this.#spare ?? new Arena();
    this.#spare = undefined;
    return spare;
  }
}

function tryMemory(bytes: number): WasmMemory | undefined {
  const pages = Math.ceil(bytes / WASM_PAGE);
  if (pages > MOST_WASM_PAGES) return undefined;
  try {
    return new Memory({ initial: pages, maximum: pages });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
