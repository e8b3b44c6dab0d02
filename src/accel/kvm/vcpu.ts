import type { CpuModel } from '../../cpu/cpuid.ts';
import { CpuState, CR0, EFER, FLAG, W } from '../../cpu/state.ts';
import type { Board, Breakpoint, Vcpu, VcpuExit } from '../accelerator.ts';
import type { InterruptLatch } from '../interrupt-latch.ts';
import { type Libc, MAP, type NativeMemory, PROT } from './ffi.ts';
import { setGuestCpuid } from './guest-cpuid.ts';
import { serveMemory, servePorts } from './io-exit.ts';
import { CAP, EXIT, INTERNAL_ERROR_EMULATION, KVM, offsetOf } from './ioctl.ts';
import { checked, ERRNO, errnoName, KvmError } from './kvm-error.ts';
import { VcpuMsrs } from './msrs.ts';
import { NativeBlock, PAGE } from './native-struct.ts';
import { VcpuRegisters } from './registers.ts';
import { KERNEL_SIGSET_BYTES, SliceTimer } from './slice-timer.ts';
import { VcpuTsc } from './tsc.ts';
import type { KvmVm } from './vm.ts';

/** The software CPU that takes over what KVM cannot run. */
export interface Interpreter extends Vcpu {
  /** Memory may have changed behind its back. */
  forgetCode(): void;
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

const BUDGET: VcpuExit = { reason: 'budget' };
const KICKED: VcpuExit = { reason: 'kicked' };
const HALT: VcpuExit = { reason: 'halt' };
const SHUTDOWN: VcpuExit = { reason: 'shutdown' };
const fatal = (message: string): VcpuExit => ({ reason: 'fatal', message });

const REASON = offsetOf('kvm_run', 'exit_reason');
const WINDOW = offsetOf('kvm_run', 'request_interrupt_window');
const IMMEDIATE_EXIT = offsetOf('kvm_run', 'immediate_exit');
const READY = offsetOf('kvm_run', 'ready_for_interrupt_injection');
const IF_FLAG = offsetOf('kvm_run', 'if_flag');
const SUBERROR = offsetOf('kvm_run', 'internal.suberror');

/** Instructions that the interpreter runs between two looks whether KVM can go on. */
const BORROWED_SLICE = 20_000;

/** How often KVM gave the CPU back, and why. */
export interface KvmCounts {
  runs: number;
  io: number;
  mmio: number;
  halts: number;
  windows: number;
  injected: number;
  /** Instructions that KVM could not run and the interpreter did. */
  interpreted: number;
  /** Times that the interpreter took over for a whole mode. */
  borrowed: number;
}

/**
 * A virtual CPU of the kernel. `run` enters the guest until the machine has something to decide; ports and MMIO are
 * served on the way. Where KVM cannot go on, the interpreter runs the instruction.
 */
export class KvmVcpu implements Vcpu {
  readonly counts: KvmCounts = {
    runs: 0,
    io: 0,
    mmio: 0,
    halts: 0,
    windows: 0,
    injected: 0,
    interpreted: 0,
    borrowed: 0,
  };
  readonly #libc: Libc;
  readonly #board: KvmBoard;
  readonly #vm: KvmVm;
  readonly #options: KvmVcpuOptions;
  readonly #fd: number;
  readonly #runMemory: NativeMemory;
  readonly #run: DataView;
  readonly #enter: () => number;
  readonly #argument: NativeBlock;
  readonly #msrs: VcpuMsrs;
  readonly #registers: VcpuRegisters;
  readonly #timer: SliceTimer;
  readonly #tsc: VcpuTsc;
  readonly #state = new CpuState();
  #kicked = false;
  #halted = false;
  /** A port or MMIO access was served and its instruction is not complete until the next KVM_RUN. */
  #incomplete = false;
  /** The interpreter holds the state. */
  #lent = false;
  /** Learnt when the guest tried: this KVM cannot do paging without long mode. */
  #noLegacyPaging = false;
  #closed = false;

  /** @throws KvmError */
  constructor(vm: KvmVm, board: KvmBoard, options: KvmVcpuOptions) {
    const { system } = vm;
    const { libc } = system;
    this.#libc = libc;
    this.#vm = vm;
    this.#board = board;
    this.#options = options;
    this.#fd = checked(libc.ioctl(vm.fd, KVM.CREATE_VCPU, 0), 'KVM_CREATE_VCPU');
    const memory = libc.mmap(system.runBytes, PROT.READ | PROT.WRITE, MAP.SHARED, this.#fd);
    if (memory === undefined) throw new KvmError(`mapping the vCPU failed with ${errnoName(libc.errno)}`);
    this.#runMemory = memory;
    this.#run = new DataView(memory.buffer);
    this.#enter = libc.prepareIoctl(this.#fd, KVM.RUN, 0);
    this.#argument = new NativeBlock(libc, PAGE);
    setGuestCpuid(system, this.#fd, options.model);
    this.#msrs = new VcpuMsrs(libc, this.#fd);
    const xsave = options.model.features.has('xsave') && system.capability(CAP.XCRS) > 0;
    this.#registers = new VcpuRegisters(libc, this.#fd, this.#msrs, board.memory, xsave);
    this.#tsc = new VcpuTsc(libc, this.#fd, this.#msrs);
    this.#timer = new SliceTimer(libc);
    this.#letSignalsThrough();
  }

  get instructions(): number {
    return this.#options.interpreter.instructions;
  }

  run(instructions: number): VcpuExit {
    if (this.#lent) return this.#runLent(instructions);
    this.#timer.arm(this.#options.sliceNs());
    const { counts } = this;
    const run = this.#run;
    for (;;) {
      if (this.#kicked) {
        this.#kicked = false;
        return KICKED;
      }
      this.#offerInterrupt();
      if (this.#halted) return HALT;
      counts.runs++;
      const result = this.#enter();
      this.#incomplete = false;
      if (result < 0) return this.#interrupted(-result);
      switch (run.getUint32(REASON, true)) {
        case EXIT.IO:
          counts.io++;
          servePorts(run, this.#board.ports);
          this.#incomplete = true;
          break;
        case EXIT.MMIO:
          counts.mmio++;
          serveMemory(run, this.#board.memory);
          this.#incomplete = true;
          break;
        case EXIT.HLT:
          counts.halts++;
          this.#halted = true;
          break;
        case EXIT.IRQ_WINDOW_OPEN:
          counts.windows++;
          break;
        case EXIT.INTR:
          return this.#interrupted(ERRNO.EINTR);
        default: {
          const exit = this.#rareExit(run.getUint32(REASON, true));
          if (exit !== undefined) return exit;
          if (this.#lent) return BUDGET;
        }
      }
    }
  }

  /** Exact on every kind of KVM: the interpreter runs the one instruction. */
  step(): VcpuExit {
    this.#borrow();
    const exit = this.#options.interpreter.step();
    this.#giveBackIfPossible();
    return exit;
  }

  kick(): void {
    this.#kicked = true;
    if (this.#lent) this.#options.interpreter.kick();
  }

  interruptChanged(): void {
    if (this.#lent) this.#options.interpreter.interruptChanged();
  }

  setNmi(): void {
    if (this.#lent) return this.#options.interpreter.setNmi();
    this.#halted = false;
    checked(this.#libc.ioctl(this.#fd, KVM.NMI, 0), 'KVM_NMI');
  }

  setA20(enabled: boolean): void {
    this.#vm.setA20(enabled);
    this.#options.interpreter.setA20(enabled);
  }

  readState(into: CpuState): void {
    if (this.#lent) {
      this.#options.interpreter.readState(into);
      return;
    }
    this.#complete();
    const vector = this.#registers.take(into, true);
    if (vector !== undefined) this.#board.interrupts.giveBack(vector);
    if (vector !== undefined) this.#dropInjected(into);
    into.words[W.halted] = this.#halted ? 1 : 0;
    into.set('tscOffset', this.#tsc.offset);
  }

  writeState(from: CpuState): void {
    this.#lent = false;
    if (this.#incomplete) this.#complete();
    this.#registers.put(from, true);
    this.#tsc.offset = BigInt.asIntN(64, from.get('tscOffset'));
    this.#entered(from);
  }

  setBreakpoints(points: readonly Breakpoint[]): void {
    if (points.length > 0) throw new KvmError('breakpoints are not available under kvm: switch to tcg first');
  }

  translate(linear: bigint): number | undefined {
    if (this.#lent) return this.#options.interpreter.translate(linear);
    const { view, address } = this.#argument;
    view.setBigUint64(offsetOf('kvm_translation', 'linear_address'), BigInt.asUintN(64, linear), true);
    checked(this.#libc.ioctl(this.#fd, KVM.TRANSLATE, address), 'KVM_TRANSLATE');
    if (view.getUint8(offsetOf('kvm_translation', 'valid')) === 0) return undefined;
    return Number(view.getBigUint64(offsetOf('kvm_translation', 'physical_address'), true));
  }

  /** The host's time-stamp counter, which the state's `tscOffset` is relative to. */
  tsc(): bigint {
    return this.#tsc.now();
  }

  /** Ends the virtual machine and gives everything back to the kernel. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.close();
    this.#registers.free();
    this.#tsc.free();
    this.#msrs.free();
    this.#argument.free();
    this.#libc.munmap(this.#runMemory.address, this.#runMemory.buffer.byteLength);
    this.#libc.close(this.#fd);
    this.#vm.close();
  }

  #letSignalsThrough(): void {
    const { view, address } = this.#argument;
    view.setUint32(offsetOf('kvm_signal_mask', 'len'), KERNEL_SIGSET_BYTES, true);
    view.setBigUint64(4, 0n, true);
    checked(this.#libc.ioctl(this.#fd, KVM.SET_SIGNAL_MASK, address), 'KVM_SET_SIGNAL_MASK');
  }

  /** Injects what the interrupt controllers have, or asks KVM to say when it can take it. */
  #offerInterrupt(): void {
    const run = this.#run;
    const { interrupts } = this.#board;
    if (!interrupts.pending) {
      run.setUint8(WINDOW, 0);
      return;
    }
    if (run.getUint8(READY) !== 0 && run.getUint8(IF_FLAG) !== 0) {
      this.#halted = false;
      this.counts.injected++;
      const { view, address } = this.#argument;
      view.setUint32(0, interrupts.acknowledge(), true);
      checked(this.#libc.ioctl(this.#fd, KVM.INTERRUPT, address), 'KVM_INTERRUPT');
      run.setUint8(READY, 0);
    }
    run.setUint8(WINDOW, interrupts.pending ? 1 : 0);
  }

  #interrupted(errno: number): VcpuExit {
    if (errno !== ERRNO.EINTR && errno !== ERRNO.EAGAIN) return fatal(`KVM_RUN failed with ${errnoName(errno)}`);
    this.#timer.take();
    return BUDGET;
  }

  /** @returns undefined when the CPU can go on */
  #rareExit(reason: number): VcpuExit | undefined {
    switch (reason) {
      case EXIT.SHUTDOWN:
        return this.#shutdown();
      case EXIT.INTERNAL_ERROR: {
        const suberror = this.#run.getUint32(SUBERROR, true);
        if (suberror === INTERNAL_ERROR_EMULATION) return this.#interpretOne();
        return fatal(`KVM gave up: internal error ${suberror} at ${this.#where()}`);
      }
      case EXIT.FAIL_ENTRY:
        return fatal(
          `KVM cannot enter the guest at ${this.#where()}: hardware reason ${this.#run.getUint32(32, true)}`,
        );
      case EXIT.SYSTEM_EVENT:
        return SHUTDOWN;
      default:
        return fatal(`KVM stopped with exit reason ${reason} at ${this.#where()}, which this program does not know`);
    }
  }

  #where(): string {
    this.#registers.take(this.#state, false);
    return `${this.#state.get('selector', 1).toString(16)}:${this.#state.get('rip').toString(16)}`;
  }

  /** KVM's emulator does not know the instruction. */
  #interpretOne(): VcpuExit | undefined {
    this.counts.interpreted++;
    this.#borrow();
    const exit = this.#options.interpreter.step();
    this.#giveBackIfPossible();
    return exit.reason === 'budget' || exit.reason === 'kicked' ? undefined : exit;
  }

  /**
   * A triple fault; or, on a KVM that cannot do paging without long mode, the guest's switching it on. The
   * interpreter knows the difference.
   */
  #shutdown(): VcpuExit | undefined {
    this.#borrow();
    const exit = this.#options.interpreter.step();
    if (exit.reason === 'shutdown') {
      this.#giveBackIfPossible();
      return SHUTDOWN;
    }
    this.counts.borrowed++;
    this.#noLegacyPaging = true;
    return undefined;
  }

  #runLent(instructions: number): VcpuExit {
    const { interpreter } = this.#options;
    if (this.#kicked) {
      this.#kicked = false;
      return KICKED;
    }
    const exit = interpreter.run(Math.min(instructions, BORROWED_SLICE));
    if (exit.reason === 'kicked') this.#kicked = false;
    this.#giveBackIfPossible();
    return exit;
  }

  #borrow(): void {
    if (this.#lent) return;
    const { interpreter } = this.#options;
    this.readState(this.#state);
    interpreter.forgetCode();
    interpreter.writeState(this.#state);
    this.#lent = true;
  }

  #giveBackIfPossible(): void {
    const state = this.#state;
    this.#options.interpreter.readState(state);
    if (this.#noLegacyPaging && pagesWithoutLongMode(state.words)) return;
    this.#registers.put(state, true);
    this.#tsc.offset = BigInt.asIntN(64, state.get('tscOffset'));
    this.#entered(state);
    this.#lent = false;
  }

  /** What the last exit said about interrupts is no longer true: takes it from the state. */
  #entered({ words: w }: CpuState): void {
    this.#halted = w[W.halted] !== 0;
    const enabled = (w[W.rflags]! & FLAG.IF) !== 0;
    this.#run.setUint8(IF_FLAG, enabled ? 1 : 0);
    this.#run.setUint8(READY, enabled && w[W.interruptShadow] === 0 ? 1 : 0);
  }

  /** The vector is in the latch again: KVM must not deliver it too. */
  #dropInjected(state: CpuState): void {
    this.#registers.putEventsOf(state);
    this.#entered(state);
  }

  /** Lets the kernel finish the instruction whose port or MMIO access was served. */
  #complete(): void {
    const run = this.#run;
    run.setUint8(IMMEDIATE_EXIT, 1);
    try {
      while (this.#incomplete) {
        this.#incomplete = false;
        const result = this.#enter();
        if (result === -ERRNO.EINTR || result === -ERRNO.EAGAIN) return;
        checked(result, 'KVM_RUN');
        const reason = run.getUint32(REASON, true);
        if (reason === EXIT.IO) servePorts(run, this.#board.ports);
        else if (reason === EXIT.MMIO) serveMemory(run, this.#board.memory);
        else return;
        this.#incomplete = true;
      }
    } finally {
      run.setUint8(IMMEDIATE_EXIT, 0);
    }
  }
}

const pagesWithoutLongMode = (w: Int32Array): boolean => (w[W.cr0]! & CR0.PG) !== 0 && (w[W.efer]! & EFER.LMA) === 0;
