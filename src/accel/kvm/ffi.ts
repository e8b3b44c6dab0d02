import { writeFileSync } from 'node:fs';
import { KvmError } from './kvm-error.ts';
import { FUNCTION, ioctlCode, sharedLibrary } from './syscall-library.ts';

/** Memory outside of JavaScript's heap: whole pages at an address that stays. */
export interface NativeMemory {
  readonly address: number;
  /** The same bytes, not a copy. */
  readonly buffer: ArrayBuffer;
}

/** What an argument of a C function is: an int, or anything of 64 bits (pointer, long, size_t). */
export type Argument = 'int' | 'long';

/** A call prepared for being made often. */
export interface PreparedCall {
  readonly call: () => number;
  /** It is not called any more. */
  close(): void;
}

/**
 * The few functions of the C library that KVM needs, and what concerns memory. Results are as the kernel gives them:
 * non-negative, or the negated errno. Addresses and requests are non-negative numbers below 2^53.
 */
export interface Libc {
  open(path: string, flags: number): number;
  close(fd: number): number;
  ioctl(fd: number, request: number, argument: number): number;
  /** For KVM_RUN. Request and argument below 2^31. */
  prepareIoctl(fd: number, request: number, argument: number): PreparedCall;
  /** @param fd -1 for anonymous memory. @returns undefined and nothing mapped: see `errno` */
  mmap(length: number, protection: number, flags: number, fd: number): NativeMemory | undefined;
  munmap(address: number, length: number): number;
  /** For memory of JavaScript. Bytes from the first whole page to the last one. */
  madvise(bytes: Uint8Array, advice: number): number;
  /** Any other function that answers -1 and sets errno when it fails. */
  call(name: string, types: readonly Argument[], values: readonly number[]): number;
  /** errno of the last call that failed. */
  readonly errno: number;
}

/** mmap's constants (asm-generic/mman.h). */
export const PROT = { READ: 1, WRITE: 2 } as const;
export const MAP = { SHARED: 1, PRIVATE: 2, ANONYMOUS: 0x20, NORESERVE: 0x4000 } as const;

/** madvise's (asm-generic/mman-common.h). */
export const MADV_HUGEPAGE = 14;

type FfiRs = typeof import('ffi-rs');

const LIBRARY = 'libc';
const MFD_CLOEXEC = 1;
const PAGE = 4096;

/**
 * Loads ffi-rs.
 * @param files where the system shows the open files of this process
 * @throws KvmError when it is not there or has no binary for this platform
 */
export async function loadLibc(files = '/proc/self/fd'): Promise<Libc> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new KvmError(`KVM of x86 guests needs Linux on x86-64, this is ${process.platform}-${process.arch}: use tcg`);
  }
  let ffi: FfiRs;
  try {
    ffi = await import('ffi-rs');
  } catch (error) {
    throw new KvmError(explainMissing(error as Error & { code?: string }));
  }
  return new FfiLibc(ffi, files);
}

function explainMissing({ code, message }: Error & { code?: string }): string {
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'ffi-rs'")) {
    return 'the package ffi-rs is not installed, which calls /dev/kvm: npm install ffi-rs, or use tcg';
  }
  const reason = message.split('\n')[0]!;
  return `ffi-rs has no binary for this platform or it cannot be loaded (${reason}): npm install ffi-rs here, or use tcg`;
}

/** ffi-rs maps the types anew at each call, which for numbers gives what was there: a sixth of the call's time. */
const settled = (types: number[]): number[] => Object.assign(types, { map: () => types });

class FfiLibc implements Libc {
  readonly #ffi: FfiRs;
  readonly #files: string;
  /** This thread's errno, where the C library keeps it. */
  readonly #errno: Int32Array;
  readonly #types: Readonly<Record<Argument, number>>;

  constructor(ffi: FfiRs, files: string) {
    this.#ffi = ffi;
    this.#files = files;
    const { DataType } = ffi;
    this.#types = { int: DataType.I32, long: DataType.I64 };
    // An empty path is the running program itself, which holds the C library.
    ffi.open({ library: LIBRARY, path: '' });
    const location = this.#load('__errno_location', DataType.External, [], []) as never;
    const bytes = ffi.createExternalBuffer(location, 4);
    this.#errno = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
  }

  get errno(): number {
    return this.#errno[0]!;
  }

  open(path: string, flags: number): number {
    const { String: text, I32 } = this.#ffi.DataType;
    return this.#negated(this.#load('open', I32, [text, I32, I32], [path, flags, 0]) as number);
  }

  close(fd: number): number {
    return this.call('close', ['int'], [fd]);
  }

  ioctl(fd: number, request: number, argument: number): number {
    return this.call('ioctl', ['int', 'long', 'long'], [fd, request, argument]);
  }

  /** ffi-rs takes 0.45 us for each parameter, so the call is a function of our own that has none, where that can be. */
  prepareIoctl(fd: number, request: number, argument: number): PreparedCall {
    const library = this.#openLibrary(sharedLibrary(ioctlCode(fd, request, argument)));
    return library ?? { call: this.#plainIoctl(fd, request, argument), close: () => {} };
  }

  /**
   * The function of a shared library that is only in memory; undefined where the system does not load such a one.
   * Its file stays open until then, as loaders know a library by its path.
   */
  #openLibrary(image: Uint8Array): PreparedCall | undefined {
    const { load, open, close, DataType } = this.#ffi;
    const file = this.#load('memfd_create', DataType.I32, [DataType.String, DataType.I32], ['emu', MFD_CLOEXEC]);
    if ((file as number) < 0) return undefined;
    const library = `fd${file}`;
    try {
      writeFileSync(file as number, image);
      open({ library, path: `${this.#files}/${file}` });
    } catch {
      this.close(file as number);
      return undefined;
    }
    const call = {
      library,
      funcName: FUNCTION,
      retType: DataType.I32,
      paramsType: settled([]),
      paramsValue: [],
      freeResultMemory: false,
    };
    return {
      call: () => load(call) as number,
      close: () => {
        close(library);
        this.close(file as number);
      },
    };
  }

  #plainIoctl(fd: number, request: number, argument: number): () => number {
    const { load, DataType } = this.#ffi;
    const errno = this.#errno;
    const { I32 } = DataType;
    // libffi widens an int to the whole register, so that the kernel sees the same number.
    const call = {
      library: LIBRARY,
      funcName: 'ioctl',
      retType: I32,
      paramsType: settled([I32, I32, I32]),
      paramsValue: [fd, request, argument],
      freeResultMemory: false,
    };
    return () => {
      const result = load(call) as number;
      return result < 0 ? -errno[0]! : result;
    };
  }

  mmap(length: number, protection: number, flags: number, fd: number): NativeMemory | undefined {
    const { I32, I64, External } = this.#ffi.DataType;
    const types = [I64, I64, I32, I32, I32, I64];
    const address = this.#load('mmap', I64, types, [0, length, protection, flags, fd, 0]) as number;
    if (address === -1) return undefined;
    // A function that gives back its argument turns the number into what createExternalBuffer takes.
    const pointer = this.#load('memmove', External, [I64, I64, I64], [address, address, 0]) as never;
    const bytes = this.#ffi.createExternalBuffer(pointer, length);
    if (bytes.byteOffset !== 0 || bytes.buffer.byteLength !== length) {
      this.munmap(address, length);
      throw new KvmError('this Node.js copies external memory instead of sharing it: KVM cannot be used, use tcg');
    }
    return { address, buffer: bytes.buffer as ArrayBuffer };
  }

  munmap(address: number, length: number): number {
    return this.call('munmap', ['long', 'long'], [address, length]);
  }

  madvise({ buffer, byteOffset, length }: Uint8Array, advice: number): number {
    const { U8Array, I64, I32 } = this.#ffi.DataType;
    const from = Math.ceil(byteOffset / PAGE) * PAGE;
    const pages = Buffer.from(buffer as ArrayBuffer, from, Math.floor((byteOffset + length - from) / PAGE) * PAGE);
    return this.#negated(this.#load('madvise', I32, [U8Array, I64, I32], [pages, pages.length, advice]) as number);
  }

  call(name: string, types: readonly Argument[], values: readonly number[]): number {
    const codes = types.map((type) => this.#types[type]);
    return this.#negated(this.#load(name, this.#types.int, codes, [...values]) as number);
  }

  #negated(result: number): number {
    return result < 0 ? -this.errno : result;
  }

  #load(funcName: string, retType: number, paramsType: number[], paramsValue: unknown[]): unknown {
    return this.#ffi.load({ library: LIBRARY, funcName, retType, paramsType, paramsValue });
  }
}
