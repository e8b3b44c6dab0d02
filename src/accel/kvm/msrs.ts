import type { CpuState } from '../../cpu/state.ts';
import { hex } from '../../util/hex.ts';
import type { Libc } from './ffi.ts';
import { KVM, offsetOf, STRUCT } from './ioctl.ts';
import { checked, KvmError } from './kvm-error.ts';
import { NativeBlock } from './native-struct.ts';
import { MSR_TSC, STATE_MSRS } from './state.ts';

const ENTRIES = STRUCT.kvm_msrs.size;
const ENTRY = STRUCT.kvm_msr_entry.size;
const DATA = offsetOf('kvm_msr_entry', 'data');
/** Further from any expected value than the second within which KVM takes a write for a repetition. */
const FAR = 1n << 62n;

/** The model-specific registers of one vCPU that are part of the CPU state, and its time-stamp counter. */
export class VcpuMsrs {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #block: NativeBlock;
  readonly #known: typeof STATE_MSRS;

  /** Call after KVM_SET_CPUID2, which decides what exists. @throws KvmError */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#block = new NativeBlock(libc, ENTRIES + (STATE_MSRS.length + 2) * ENTRY);
    this.#known = STATE_MSRS.filter(({ number }) => this.#get([number]) === 1);
  }

  take(state: CpuState): void {
    const numbers = this.#known.map(({ number }) => number);
    this.#expect(this.#get(numbers), numbers, 'KVM_GET_MSRS');
    this.#known.forEach(({ field, index }, n) => {
      state.set(field, this.#value(n), index);
    });
  }

  put(state: CpuState): void {
    const entries = this.#known.map(({ number, field, index }) => [number, state.get(field, index)] as const);
    this.set(entries);
  }

  /** The guest's time-stamp counter. */
  get tsc(): bigint {
    this.#expect(this.#get([MSR_TSC]), [MSR_TSC], 'KVM_GET_MSRS');
    return this.#value(0);
  }

  set tsc(value: bigint) {
    // KVM takes a value near the one expected for an attempt to synchronise and keeps its own: so first go far away.
    this.set([
      [MSR_TSC, value ^ FAR],
      [MSR_TSC, value],
    ]);
  }

  free(): void {
    this.#block.free();
  }

  #value(n: number): bigint {
    return this.#block.view.getBigUint64(ENTRIES + n * ENTRY + DATA, true);
  }

  #fill(n: number, number: number, value: bigint): void {
    const { view } = this.#block;
    const at = ENTRIES + n * ENTRY;
    view.setUint32(at, number, true);
    view.setUint32(at + 4, 0, true);
    view.setBigUint64(at + DATA, BigInt.asUintN(64, value), true);
  }

  #get(numbers: readonly number[]): number {
    const { view, address } = this.#block;
    view.setUint32(0, numbers.length, true);
    view.setUint32(4, 0, true);
    numbers.forEach((number, n) => {
      this.#fill(n, number, 0n);
    });
    return this.#libc.ioctl(this.#fd, KVM.GET_MSRS, address);
  }

  /** @throws KvmError when KVM refuses one */
  set(entries: readonly (readonly [number: number, value: bigint])[]): void {
    const { view, address } = this.#block;
    view.setUint32(0, entries.length, true);
    view.setUint32(4, 0, true);
    entries.forEach(([number, value], n) => {
      this.#fill(n, number, value);
    });
    const numbers = entries.map(([number]) => number);
    this.#expect(this.#libc.ioctl(this.#fd, KVM.SET_MSRS, address), numbers, 'KVM_SET_MSRS');
  }

  /** Both calls answer how many they did and stop at the first that they refuse. */
  #expect(done: number, numbers: readonly number[], what: string): void {
    if (checked(done, what) === numbers.length) return;
    throw new KvmError(`${what}: this KVM refuses MSR ${hex(numbers[done]!, 8)}`);
  }
}
