import { type Libc, MAP, type NativeMemory, PROT } from './ffi.ts';
import { errnoName, KvmError } from './kvm-error.ts';

export const PAGE = 4096;

/** A block of native memory that ioctls read and write. */
export class NativeBlock {
  readonly address: number;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly #libc: Libc;
  readonly #memory: NativeMemory;

  /** @throws KvmError when the host has no memory */
  constructor(libc: Libc, length: number) {
    const memory = mapMemory(libc, Math.ceil(length / PAGE) * PAGE);
    this.#libc = libc;
    this.#memory = memory;
    this.address = memory.address;
    this.view = new DataView(memory.buffer);
    this.bytes = new Uint8Array(memory.buffer);
  }

  /** Gives the memory back; nothing may look at it afterwards. */
  free(): void {
    this.#libc.munmap(this.address, this.#memory.buffer.byteLength);
  }
}

/** Zeroed, private memory that takes no space until it is written. @throws KvmError */
export function mapMemory(libc: Libc, length: number): NativeMemory {
  const flags = MAP.PRIVATE | MAP.ANONYMOUS | MAP.NORESERVE;
  const memory = libc.mmap(length, PROT.READ | PROT.WRITE, flags, -1);
  if (memory !== undefined) return memory;
  throw new KvmError(
    `this host does not give ${Math.ceil(length / 2 ** 20)} MB (${errnoName(libc.errno)}): choose less memory, or raise ulimit -v`,
  );
}

/** 64 bits as a number; exact below 2^53. */
export const getNumber = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

export function setNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
