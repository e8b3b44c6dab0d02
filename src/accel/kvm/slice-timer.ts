import type { Libc } from './ffi.ts';
import { checked } from './kvm-error.ts';
import { NativeBlock, PAGE, setNumber } from './native-struct.ts';

/** A real-time signal that neither the C library nor Node.js uses. */
const SIGNAL = 44;
/** Sent for input. Of those that wait there is never more than one, however much comes. */
const SIGIO = 29;
/** fcntl's commands, O_ASYNC, and F_OWNER_TID: the signal goes to one thread. */
const FCNTL = { GETFL: 3, SETFL: 4, SETOWN_EX: 15 } as const;
const O_ASYNC = 0o20000;
const OWNER_TID = 0;
const CLOCK_MONOTONIC = 1;
const SIGEV_THREAD_ID = 4;
const SIG_BLOCK = 0;
/** Bytes of the kernel's signal set; the C library's is 128. */
export const KERNEL_SIGSET_BYTES = 8;

/** Where the structures lie in the block. */
const AT = { set: 0, event: 128, timer: 256, spec: 320, zero: 384, owner: 448 } as const;

/**
 * Ends KVM_RUN after some time, or when there is input. A timer of this thread sends a signal that the thread blocks and
 * KVM_RUN lets through (KVM_SET_SIGNAL_MASK): the call returns EINTR, no handler runs, and the signal stays pending until
 * it is taken. The same with the signal that the kernel sends for input.
 */
export class SliceTimer {
  readonly #libc: Libc;
  readonly #block: NativeBlock;
  readonly #timer: number;
  /** When the armed timer expires, in the milliseconds of `performance.now`; Infinity when it is not armed. */
  #expiry = Number.POSITIVE_INFINITY;
  readonly #thread: number;
  /** Files whose input sends a signal, with their flags as they were. */
  readonly #watched = new Map<number, number>();
  #input = false;

  /** @throws KvmError */
  constructor(libc: Libc) {
    this.#libc = libc;
    const block = new NativeBlock(libc, PAGE);
    this.#block = block;
    const { view, address } = block;
    setNumber(view, AT.set, 2 ** (SIGNAL - 1) + 2 ** (SIGIO - 1));
    const mask = libc.call('pthread_sigmask', ['int', 'long', 'long'], [SIG_BLOCK, address + AT.set, 0]);
    checked(mask === 0 ? 0 : -mask, 'pthread_sigmask');
    // struct sigevent: value 8 bytes, signo, notify, thread id.
    view.setInt32(AT.event + 8, SIGNAL, true);
    view.setInt32(AT.event + 12, SIGEV_THREAD_ID, true);
    this.#thread = checked(libc.call('gettid', [], []), 'gettid');
    view.setInt32(AT.event + 16, this.#thread, true);
    const created = libc.call(
      'timer_create',
      ['int', 'long', 'long'],
      [CLOCK_MONOTONIC, address + AT.event, address + AT.timer],
    );
    checked(created, 'timer_create');
    this.#timer = Number(view.getBigInt64(AT.timer, true));
  }

  /** Makes the signal come in `ns` nanoseconds, unless it will come before that anyway. */
  arm(ns: number): void {
    const now = performance.now();
    if (this.#expiry <= now) {
      this.take();
      this.#expiry = Number.POSITIVE_INFINITY;
    }
    const expiry = now + ns / 1e6;
    if (this.#expiry <= expiry) return;
    const { view, address } = this.#block;
    setNumber(view, AT.spec + 16, Math.floor(ns / 1e9));
    setNumber(view, AT.spec + 24, Math.max(1, Math.floor(ns % 1e9)));
    const types = ['long', 'int', 'long', 'long'] as const;
    checked(this.#libc.call('timer_settime', types, [this.#timer, 0, address + AT.spec, 0]), 'timer_settime');
    this.#expiry = expiry;
  }

  /** Takes the pending signal, if there is one, so that KVM_RUN runs again. */
  take(): void {
    const { address } = this.#block;
    const signal = this.#libc.call('sigtimedwait', ['long', 'long', 'long'], [address + AT.set, 0, address + AT.zero]);
    if (signal === SIGNAL) this.#expiry = Number.POSITIVE_INFINITY;
    else if (signal === SIGIO) this.#input = true;
  }

  /** Whether a taken signal told of input since this was asked last. */
  takeInput(): boolean {
    const input = this.#input;
    this.#input = false;
    return input;
  }

  /** Makes input of a file send the signal, where the file can; `close` makes the file as it was. */
  watch(fd: number): void {
    const { view, address } = this.#block;
    view.setInt32(AT.owner, OWNER_TID, true);
    view.setInt32(AT.owner + 4, this.#thread, true);
    const flags = this.#fcntl(fd, FCNTL.GETFL, 0);
    if (flags < 0 || this.#fcntl(fd, FCNTL.SETOWN_EX, address + AT.owner) < 0) return;
    if (this.#fcntl(fd, FCNTL.SETFL, flags | O_ASYNC) === 0) this.#watched.set(fd, flags);
  }

  /** The file is closed or about to be: its number may soon be another's. */
  forget(fd: number): void {
    this.#watched.delete(fd);
  }

  /** Whether input has come since this was asked last; to be asked where no entry ends for it. */
  lookForInput(): boolean {
    if (this.#watched.size > 0) this.take();
    return this.takeInput();
  }

  #fcntl(fd: number, command: number, argument: number): number {
    return this.#libc.call('fcntl', ['int', 'int', 'long'], [fd, command, argument]);
  }

  close(): void {
    this.#libc.call('timer_delete', ['long'], [this.#timer]);
    for (const [fd, flags] of this.#watched) this.#fcntl(fd, FCNTL.SETFL, flags);
    this.take();
    this.#block.free();
  }
}
