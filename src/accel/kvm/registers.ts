import type { CpuState } from '../../cpu/state.ts';
import type { AddressMap } from '../../memory/address-map.ts';
import type { Libc } from './ffi.ts';
import { KVM, STRUCT } from './ioctl.ts';
import { checked } from './kvm-error.ts';
import type { VcpuMsrs } from './msrs.ts';
import { NativeBlock } from './native-struct.ts';
import {
  KVM_FPU,
  KVM_XSAVE,
  putDebugregs,
  putEvents,
  putFpu,
  putRegs,
  putSregs,
  putXcr0,
  putXsaveHeader,
  takeDebugregs,
  takeEvents,
  takeFpu,
  takePdptes,
  takeRegs,
  takeSregs,
  takeXcr0,
} from './state.ts';

/** Room for the largest structure that is moved. */
const BLOCK = STRUCT.kvm_xsave.size;

/** Which of KVM's structures there are. */
interface Offers {
  /** kvm_xsave, which is more exact than kvm_fpu. */
  readonly xsave: boolean;
  /** XCR0 exists for the guest. */
  readonly xcrs: boolean;
}

/** Moves the whole CPU state between a vCPU and the common form. */
export class VcpuRegisters {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #block: NativeBlock;
  readonly #msrs: VcpuMsrs;
  readonly #memory: AddressMap;
  readonly #offers: Offers;

  constructor(libc: Libc, fd: number, msrs: VcpuMsrs, memory: AddressMap, offers: Offers) {
    this.#libc = libc;
    this.#fd = fd;
    this.#block = new NativeBlock(libc, BLOCK);
    this.#msrs = msrs;
    this.#memory = memory;
    this.#offers = offers;
  }

  /**
   * @param everything false: without MSRs and debug registers, for a look at what instructions work on
   * @returns the vector of an interrupt that was acknowledged and not yet delivered
   */
  take(state: CpuState, everything: boolean): number | undefined {
    const { view } = this.#block;
    this.#call(KVM.GET_REGS, 'KVM_GET_REGS');
    takeRegs(state, view);
    this.#call(KVM.GET_SREGS, 'KVM_GET_SREGS');
    takeSregs(state, view);
    takePdptes(state, this.#memory);
    this.takeFpu(state);
    if (this.#offers.xcrs) {
      this.#call(KVM.GET_XCRS, 'KVM_GET_XCRS');
      takeXcr0(state, view);
    } else state.set('xcr0', 1n);
    this.#call(KVM.GET_VCPU_EVENTS, 'KVM_GET_VCPU_EVENTS');
    const vector = takeEvents(state, view);
    if (!everything) return vector;
    this.#call(KVM.GET_DEBUGREGS, 'KVM_GET_DEBUGREGS');
    takeDebugregs(state, view);
    this.#msrs.take(state);
    return vector;
  }

  put(state: CpuState, everything: boolean): void {
    const { view } = this.#block;
    // Special registers first: what the general ones may hold depends on the mode.
    putSregs(state, view);
    this.#call(KVM.SET_SREGS, 'KVM_SET_SREGS');
    putRegs(state, view);
    this.#call(KVM.SET_REGS, 'KVM_SET_REGS');
    this.putFpu(state);
    if (this.#offers.xcrs) {
      putXcr0(state, view);
      this.#call(KVM.SET_XCRS, 'KVM_SET_XCRS');
    }
    if (everything) {
      this.#block.bytes.fill(0);
      putDebugregs(state, view);
      this.#call(KVM.SET_DEBUGREGS, 'KVM_SET_DEBUGREGS');
      this.#msrs.put(state);
    }
    this.putEventsOf(state);
  }

  /** x87 and SSE registers alone. */
  takeFpu(state: CpuState): void {
    const { view } = this.#block;
    if (this.#offers.xsave) {
      this.#call(KVM.GET_XSAVE, 'KVM_GET_XSAVE');
      takeFpu(state, view, KVM_XSAVE);
    } else {
      this.#call(KVM.GET_FPU, 'KVM_GET_FPU');
      takeFpu(state, view, KVM_FPU);
    }
  }

  putFpu(state: CpuState): void {
    const { view } = this.#block;
    if (this.#offers.xsave) {
      // KVM_SET_FPU leaves out which registers are in use, and what is not in use is lost.
      putXsaveHeader(view);
      putFpu(state, view, KVM_XSAVE);
      this.#call(KVM.SET_XSAVE, 'KVM_SET_XSAVE');
    } else {
      putFpu(state, view, KVM_FPU);
      this.#call(KVM.SET_FPU, 'KVM_SET_FPU');
    }
  }

  putEventsOf(state: CpuState): void {
    putEvents(state, this.#block.view);
    this.#call(KVM.SET_VCPU_EVENTS, 'KVM_SET_VCPU_EVENTS');
  }

  free(): void {
    this.#block.free();
  }

  #call(request: number, name: string): void {
    checked(this.#libc.ioctl(this.#fd, request, this.#block.address), name);
  }
}
