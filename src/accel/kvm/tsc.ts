import type { Libc } from './ffi.ts';
import { KVM } from './ioctl.ts';
import { checked } from './kvm-error.ts';
import type { VcpuMsrs } from './msrs.ts';
import { NativeBlock, setNumber } from './native-struct.ts';

/** KVM_VCPU_TSC_CTRL and KVM_VCPU_TSC_OFFSET. */
const GROUP = 0;
const ATTRIBUTE = 0;
const VALUE = 64;
/** So often the host's counter is asked; in between it is calculated. */
const ASK_MS = 100;

/**
 * The time-stamp counter of a vCPU: the host's counter plus an offset. It keeps running while the machine pauses,
 * and where KVM cannot hide the host's counter from user programs an offset is not seen by them.
 */
export class VcpuTsc {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #msrs: VcpuMsrs;
  readonly #block: NativeBlock;
  readonly #settable: boolean;
  readonly #perMs: number;
  /** Known, as nobody else sets it; a guest that writes the MSR is asked for by `offset`. */
  #offset = 0n;
  #anchor = { ms: 0, tsc: 0n };
  #last = 0n;

  constructor(libc: Libc, fd: number, msrs: VcpuMsrs) {
    this.#libc = libc;
    this.#fd = fd;
    this.#msrs = msrs;
    this.#block = new NativeBlock(libc, VALUE + 8);
    this.#settable = this.#attribute(KVM.HAS_DEVICE_ATTR) === 0;
    this.#perMs = this.kHz;
    this.offset = 0n;
    this.#synchronise();
  }

  get kHz(): number {
    return checked(this.#libc.ioctl(this.#fd, KVM.GET_TSC_KHZ, 0), 'KVM_GET_TSC_KHZ');
  }

  /** Guest's counter minus the host's. */
  get offset(): bigint {
    if (this.#settable) {
      checked(this.#attribute(KVM.GET_DEVICE_ATTR), 'KVM_GET_DEVICE_ATTR');
      this.#offset = this.#block.view.getBigInt64(VALUE, true);
    }
    return this.#offset;
  }

  set offset(value: bigint) {
    if (this.#settable) {
      this.#block.view.setBigInt64(VALUE, value, true);
      checked(this.#attribute(KVM.SET_DEVICE_ATTR), 'KVM_SET_DEVICE_ATTR');
    } else if (value !== this.#offset) {
      this.#msrs.tsc = this.#msrs.tsc - this.#offset + value;
    }
    this.#offset = BigInt.asIntN(64, value);
  }

  /** The host's counter, never going back. */
  now(): bigint {
    const elapsed = performance.now() - this.#anchor.ms;
    if (elapsed > ASK_MS) return this.#synchronise();
    return this.#advance(this.#anchor.tsc + BigInt(Math.floor(elapsed * this.#perMs)));
  }

  free(): void {
    this.#block.free();
  }

  #synchronise(): bigint {
    this.#anchor = { tsc: this.#msrs.tsc - this.#offset, ms: performance.now() };
    return this.#advance(this.#anchor.tsc);
  }

  #advance(to: bigint): bigint {
    if (to > this.#last) this.#last = to;
    return this.#last;
  }

  /** kvm_device_attr: flags, group, attribute, address. */
  #attribute(request: number): number {
    const { view, address } = this.#block;
    view.setUint32(0, 0, true);
    view.setUint32(4, GROUP, true);
    setNumber(view, 8, ATTRIBUTE);
    setNumber(view, 16, address + VALUE);
    return this.#libc.ioctl(this.#fd, request, address);
  }
}
