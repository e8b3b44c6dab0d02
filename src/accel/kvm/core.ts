import type { CpuModel } from '../../cpu/cpuid.ts';
import type { CpuState } from '../../cpu/state.ts';
import type { Board, Vcpu } from '../accelerator.ts';
import type { InterruptLatch } from '../interrupt-latch.ts';
import type { DebugRegisters } from './debug-registers.ts';
import { type Libc, MAP, PROT } from './ffi.ts';
import { setGuestCpuid } from './guest-cpuid.ts';
import { serveMemory, servePorts } from './io-exit.ts';
import { CAP, EXIT, GUESTDBG, KVM, offsetOf, STRUCT } from './ioctl.ts';
import { checked, ERRNO, errnoName, KvmError } from './kvm-error.ts';
import { VcpuMsrs } from './msrs.ts';
import { NativeBlock, PAGE } from './native-struct.ts';
import { VcpuRegisters } from './registers.ts';
import { KERNEL_SIGSET_BYTES, SliceTimer } from './slice-timer.ts';
import { VcpuTsc } from './tsc.ts';
import type { KvmVm } from './vm.ts';

/** The software CPU that takes over what KVM cannot run. */
export interface Interpreter extends Vcpu {
  /** The live state, settled while it does not run. */
  readonly state: CpuState;
  /** Memory may have changed behind its back. */
  forgetCode(): void;
  /** The same, for code that user programs can change. */
  forgetUserCode(): void;
  /** When this says so between two instructions, `run` comes back with its budget. */
  yieldAt: ((w: Int32Array) => boolean) | undefined;
  /** Times that translations of linear addresses were dropped because the guest asked for it, or memory changed. */
  readonly flushes: number;
}

/** The board of a machine that may run under KVM. */
export interface KvmBoard extends Board {
  readonly interrupts: InterruptLatch;
}

export interface KvmVcpuOptions {
  readonly model: CpuModel;
  readonly interpreter: Interpreter;
  /** Nanoseconds until the machine wants to look at its timers. */
  readonly sliceNs: () => number;
}

/** How often KVM gave the CPU back, and why. */
export interface KvmCounts {
  /** Times that KVM_RUN was called. */
  runs: number;
  io: number;
  mmio: number;
  halts: number;
  windows: number;
  injected: number;
  /** Times that KVM stopped because it cannot emulate an instruction. */
  failures: number;
  /** Instructions that the interpreter ran in KVM's place. */
  interpreted: number;
  /** Times that the interpreter took over for longer. */
  lent: number;
  /** Times that KVM had to forget the guest's page tables. */
  dropped: number;
}

export const noCounts = (): KvmCounts => ({
  runs: 0,
  io: 0,
  mmio: 0,
  halts: 0,
  windows: 0,
  injected: 0,
  failures: 0,
  interpreted: 0,
  lent: 0,
  dropped: 0,
});

/** A CPU under KVM as the machine sees it. */
export interface KvmCpu extends Vcpu {
  readonly counts: KvmCounts;
  /**
   * Runs one instruction where `run` would, on the processor or in the kernel, with nothing else happening between.
   * False, and nothing has happened, when the instruction is one for the interpreter: see `step`.
   */
  stepOnProcessor(): boolean;
  /** Lets input of a file end `run`. */
  watchInput(fd: number): void;
  /** The file is about to be closed. */
  forgetInput(fd: number): void;
  /** The host's time-stamp counter, which the state's `tscOffset` is relative to. */
  tsc(): bigint;
  /** Ends the virtual machine and gives everything back to the kernel. */
  close(): void;
}

const DEBUG_REGISTERS = offsetOf('kvm_guest_debug', 'arch.debugreg');
const REASON = offsetOf('kvm_run', 'exit_reason');
const IMMEDIATE_EXIT = offsetOf('kvm_run', 'immediate_exit');
/** Where the registers are that the kernel copies at each exit, when asked to. */
const VALID_REGS = 288;
const DIRTY_REGS = 296;
const SYNC_REGS = 304;
const SYNC_SREGS = SYNC_REGS + STRUCT.kvm_regs.size;
const SYNC_EVENTS = SYNC_SREGS + STRUCT.kvm_sregs.size;

/** Views of the copies in kvm_run, as the structures of the same names. */
export interface SyncRegs {
  readonly regs: DataView;
  readonly sregs: DataView;
  readonly events: DataView;
}

const free = (block: { free(): void }): void => block.free();

/** The kernel's side of one virtual CPU: its file, its shared page and its registers. */
export class VcpuCore {
  /** kvm_run. */
  readonly run: DataView;
  readonly registers: VcpuRegisters;
  readonly msrs: VcpuMsrs;
  readonly timer: SliceTimer;
  readonly tsc: VcpuTsc;
  readonly vm: KvmVm;
  readonly board: Board;
  /** Enters the guest; 0, or a negated errno. */
  readonly enter: () => number;
  /** A port or MMIO access was served and its instruction is not complete until the next entry. */
  incomplete = false;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer: ArrayBuffer;
  readonly #argument: NativeBlock;
  /** What `close` does, last first. */
  readonly #releases: (() => void)[] = [];

  /** @throws KvmError */
  constructor(vm: KvmVm, board: Board, model: CpuModel) {
    const { system } = vm;
    const { libc } = system;
    this.vm = vm;
    this.board = board;
    this.#libc = libc;
    try {
      this.#fd = this.#keep(checked(libc.ioctl(vm.fd, KVM.CREATE_VCPU, 0), 'KVM_CREATE_VCPU'), (fd) => libc.close(fd));
      const memory = libc.mmap(system.runBytes, PROT.READ | PROT.WRITE, MAP.SHARED, this.#fd);
      if (memory === undefined) throw new KvmError(`mapping the vCPU failed with ${errnoName(libc.errno)}`);
      this.#keep(memory, ({ address, buffer }) => libc.munmap(address, buffer.byteLength));
      this.#buffer = memory.buffer;
      this.run = new DataView(memory.buffer);
      this.enter = this.#keep(libc.prepareIoctl(this.#fd, KVM.RUN, 0), (run) => run.close()).call;
      this.#argument = this.#keep(new NativeBlock(libc, PAGE), free);
      setGuestCpuid(system, this.#fd, model);
      this.msrs = this.#keep(new VcpuMsrs(libc, this.#fd), free);
      this.registers = this.#keep(
        new VcpuRegisters(libc, this.#fd, this.msrs, board.memory, {
          xsave: system.capability(CAP.XSAVE) > 0,
          xcrs: model.features.has('xsave') && system.capability(CAP.XCRS) > 0,
        }),
        free,
      );
      this.tsc = this.#keep(new VcpuTsc(libc, this.#fd, this.msrs), free);
      this.timer = this.#keep(new SliceTimer(libc), (timer) => timer.close());
      this.#letSignalsThrough();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get exitReason(): number {
    return this.run.getUint32(REASON, true);
  }

  /** KVM_INTERRUPT. @throws KvmError */
  inject(vector: number): void {
    this.#argument.view.setUint32(0, vector, true);
    this.#call(KVM.INTERRUPT, 'KVM_INTERRUPT');
  }

  injectNmi(): void {
    checked(this.#libc.ioctl(this.#fd, KVM.NMI, 0), 'KVM_NMI');
  }

  /** Lets the next entries end behind one instruction, or where debug registers say. @throws KvmError */
  debug(step: boolean, registers: DebugRegisters | undefined): void {
    const { view, bytes } = this.#argument;
    bytes.fill(0, 0, STRUCT.kvm_guest_debug.size);
    const control = (step ? GUESTDBG.SINGLESTEP : 0) | (registers === undefined ? 0 : GUESTDBG.USE_HW_BP);
    view.setUint32(offsetOf('kvm_guest_debug', 'control'), control === 0 ? 0 : control | GUESTDBG.ENABLE, true);
    if (registers !== undefined) {
      for (const [n, address] of registers.addresses.entries()) {
        view.setBigUint64(DEBUG_REGISTERS + 8 * n, BigInt.asUintN(64, address), true);
      }
      view.setBigUint64(DEBUG_REGISTERS + 8 * 7, BigInt(registers.dr7), true);
    }
    this.#call(KVM.SET_GUEST_DEBUG, 'KVM_SET_GUEST_DEBUG');
  }

  /** Physical address behind a linear one, by the guest's tables. */
  translate(linear: bigint): number | undefined {
    const { view } = this.#argument;
    view.setBigUint64(offsetOf('kvm_translation', 'linear_address'), BigInt.asUintN(64, linear), true);
    this.#call(KVM.TRANSLATE, 'KVM_TRANSLATE');
    if (view.getUint8(offsetOf('kvm_translation', 'valid')) === 0) return undefined;
    return Number(view.getBigUint64(offsetOf('kvm_translation', 'physical_address'), true));
  }

  /** Asks the kernel to copy the registers at each exit. */
  synchronise(): SyncRegs {
    this.run.setUint32(VALID_REGS, 7, true);
    const buffer = this.#buffer;
    return {
      regs: new DataView(buffer, SYNC_REGS, STRUCT.kvm_regs.size),
      sregs: new DataView(buffer, SYNC_SREGS, STRUCT.kvm_sregs.size),
      events: new DataView(buffer, SYNC_EVENTS, STRUCT.kvm_vcpu_events.size),
    };
  }

  /** Makes the next entry take registers (1), special registers (2) and events (4) from the copies. */
  takeSynchronised(which: number): void {
    this.run.setUint32(DIRTY_REGS, which, true);
  }

  serve(reason: number): void {
    if (reason === EXIT.IO) servePorts(this.run, this.board.ports);
    else serveMemory(this.run, this.board.memory);
    this.incomplete = true;
  }

  /** Lets the kernel finish the instruction whose port or MMIO access was served; the guest does not run. */
  complete(): void {
    this.run.setUint8(IMMEDIATE_EXIT, 1);
    try {
      while (this.incomplete) {
        this.incomplete = false;
        const result = this.enter();
        if (result === -ERRNO.EINTR || result === -ERRNO.EAGAIN) return;
        checked(result, 'KVM_RUN');
        const reason = this.exitReason;
        if (reason !== EXIT.IO && reason !== EXIT.MMIO) return;
        this.serve(reason);
      }
    } finally {
      this.run.setUint8(IMMEDIATE_EXIT, 0);
    }
  }

  /** Finishes a port access without making it: the registers that result are not used. */
  abandon(): void {
    this.run.setUint8(IMMEDIATE_EXIT, 1);
    const result = this.enter();
    this.run.setUint8(IMMEDIATE_EXIT, 0);
    if (result !== -ERRNO.EINTR && result !== -ERRNO.EAGAIN) checked(result, 'KVM_RUN');
  }

  close(): void {
    for (const release of this.#releases.splice(0).reverse()) release();
    this.vm.close();
  }

  #keep<T>(value: T, release: (value: T) => void): T {
    this.#releases.push(() => release(value));
    return value;
  }

  #letSignalsThrough(): void {
    const { view } = this.#argument;
    view.setUint32(offsetOf('kvm_signal_mask', 'len'), KERNEL_SIGSET_BYTES, true);
    view.setBigUint64(STRUCT.kvm_signal_mask.size, 0n, true);
    this.#call(KVM.SET_SIGNAL_MASK, 'KVM_SET_SIGNAL_MASK');
  }

  #call(request: number, name: string): void {
    checked(this.#libc.ioctl(this.#fd, request, this.#argument.address), name);
  }
}
