import { CpuState, CR0, EFER, FLAG, W } from '../../cpu/state.ts';
import type { Breakpoint, VcpuExit } from '../accelerator.ts';
import { BaseVcpu, BUDGET, fatal, INPUT, KICKED } from './base-vcpu.ts';
import type { KvmCpu } from './core.ts';
import { causeOf, type DebugRegisters, debugRegistersFor } from './debug-registers.ts';
import { EXIT, INTERNAL_ERROR_EMULATION, offsetOf } from './ioctl.ts';
import { ERRNO } from './kvm-error.ts';

const HALT: VcpuExit = { reason: 'halt' };
const SHUTDOWN: VcpuExit = { reason: 'shutdown' };

const WINDOW = offsetOf('kvm_run', 'request_interrupt_window');
const READY = offsetOf('kvm_run', 'ready_for_interrupt_injection');
const IF_FLAG = offsetOf('kvm_run', 'if_flag');
const DR6 = offsetOf('kvm_run', 'debug.arch.dr6');
/** L0 to G3. */
const DR7_ENABLES = 0xff;
const HARDWARE_REASON = offsetOf('kvm_run', 'hw.hardware_exit_reason');

/** Instructions that the interpreter runs between two looks whether KVM can go on. */
const LENT_SLICE = 20_000;

/**
 * A virtual CPU of the kernel. `run` enters the guest until the machine has something to decide; ports and MMIO are
 * served on the way. Where KVM cannot go on, the interpreter runs the instruction.
 */
export class KvmVcpu extends BaseVcpu implements KvmCpu {
  readonly #state = new CpuState();
  #halted = false;
  /** The interpreter holds the state. */
  #lent = false;
  /** Learnt when the guest tried: this KVM cannot do paging without long mode. */
  #noLegacyPaging = false;
  /** Breakpoints that are the interpreter's. */
  #debugging = false;
  /** Breakpoints that are the processor's. */
  #hardware: DebugRegisters | undefined;
  /** The debugger knows that the CPU is where it is: a breakpoint there has done its work. */
  #reported = false;
  /** Of the interpreter, when the state was lent to it. */
  #flushes = 0;

  run(instructions: number): VcpuExit {
    if (this.#lent) return this.#runLent(instructions);
    if (this.#reported) {
      this.#reported = false;
      const exit = this.#hardware === undefined ? BUDGET : this.#interpretedStep();
      if (exit.reason !== 'budget' || this.#lent) return exit;
    }
    const core = this.core;
    const { counts } = this;
    core.timer.arm(this.sliceNs());
    for (;;) {
      if (this.kicked) {
        this.kicked = false;
        return KICKED;
      }
      this.#offerInterrupt();
      if (this.#halted) return HALT;
      counts.runs++;
      const result = core.enter();
      core.incomplete = false;
      if (result < 0) return this.#interrupted(-result);
      const reason = core.exitReason;
      switch (reason) {
        case EXIT.IO:
          counts.io++;
          core.serve(reason);
          break;
        case EXIT.MMIO:
          counts.mmio++;
          core.serve(reason);
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
          const exit = this.#rareExit(reason);
          if (exit !== undefined) return exit;
          if (this.#lent) return BUDGET;
        }
      }
    }
  }

  /** Exact on every kind of KVM: the interpreter runs the one instruction. */
  step(): VcpuExit {
    this.#reported = true;
    return this.#interpretedStep();
  }

  #interpretedStep(): VcpuExit {
    this.#lend();
    const exit = this.interpretStep();
    this.#takeBackIfPossible();
    return exit;
  }

  stepOnProcessor(): boolean {
    if (this.#lent || this.#halted) return false;
    const core = this.core;
    core.complete();
    core.debug(true, undefined);
    try {
      for (;;) {
        const result = core.enter();
        core.incomplete = false;
        if (result < 0) {
          if (this.#interrupted(-result).reason === 'fatal') return false;
          continue;
        }
        const reason = core.exitReason;
        if (reason === EXIT.DEBUG) return true;
        if (reason === EXIT.HLT) return (this.#halted = true);
        if (reason !== EXIT.IO && reason !== EXIT.MMIO) return false;
        core.serve(reason);
        core.complete();
        return true;
      }
    } finally {
      core.debug(false, this.#hardware);
    }
  }

  kick(): void {
    this.kicked = true;
    if (this.#lent) this.interpreter.kick();
  }

  interruptChanged(): void {
    if (this.#lent) this.interpreter.interruptChanged();
  }

  setNmi(): void {
    if (this.#lent) return this.interpreter.setNmi();
    this.#halted = false;
    this.core.injectNmi();
  }

  readState(into: CpuState): void {
    if (this.#lent) return this.interpreter.readState(into);
    const core = this.core;
    core.complete();
    const vector = core.registers.take(into, true);
    into.words[W.halted] = this.#halted ? 1 : 0;
    into.set('tscOffset', core.tsc.offset);
    if (vector === undefined) return;
    // The latch delivers it: KVM must not do so too.
    this.board.interrupts.giveBack(vector);
    core.registers.putEventsOf(into);
    this.#entered(into);
  }

  writeState(from: CpuState): void {
    this.#lent = false;
    this.core.complete();
    this.#put(from);
    this.dropMappings();
  }

  setBreakpoints(points: readonly Breakpoint[]): void {
    // The interpreter knows them too: it runs what KVM cannot, and everything while there are more or other ones than
    // the processor has registers for, or while the guest uses those itself.
    this.#hardware = points.length > 0 && !this.#guestDebugs() ? debugRegistersFor(points) : undefined;
    this.#debugging = points.length > 0 && this.#hardware === undefined;
    if (this.#debugging) this.#lend();
    this.core.debug(false, this.#hardware);
    this.interpreter.setBreakpoints(points);
  }

  translate(linear: bigint): number | undefined {
    return this.#lent ? this.interpreter.translate(linear) : this.core.translate(linear);
  }

  /** Injects what the interrupt controllers have, or asks KVM to say when it can take it. */
  #offerInterrupt(): void {
    const { run } = this.core;
    const { interrupts } = this.board;
    if (!interrupts.pending) {
      run.setUint8(WINDOW, 0);
      return;
    }
    if (run.getUint8(READY) !== 0 && run.getUint8(IF_FLAG) !== 0) {
      this.#halted = false;
      this.counts.injected++;
      this.core.inject(interrupts.acknowledge());
      run.setUint8(READY, 0);
    }
    run.setUint8(WINDOW, interrupts.pending ? 1 : 0);
  }

  #interrupted(errno: number): VcpuExit {
    const failed = this.failedRun(errno);
    if (failed !== undefined) return failed;
    const { timer } = this.core;
    timer.take();
    return timer.takeInput() ? INPUT : BUDGET;
  }

  /** @returns undefined when the CPU can go on */
  #rareExit(reason: number): VcpuExit | undefined {
    const { run } = this.core;
    switch (reason) {
      case EXIT.SHUTDOWN:
        return this.#shutdown();
      case EXIT.INTERNAL_ERROR: {
        const { suberror } = this;
        if (suberror === INTERNAL_ERROR_EMULATION) return this.#interpretOne();
        return fatal(`KVM gave up: internal error ${suberror} at ${this.#where()}`);
      }
      case EXIT.DEBUG:
        return this.#metBreakpoint();
      case EXIT.FAIL_ENTRY:
        return fatal(`KVM cannot enter the guest at ${this.#where()}: reason ${run.getUint32(HARDWARE_REASON, true)}`);
      case EXIT.SYSTEM_EVENT:
        return SHUTDOWN;
      default:
        return fatal(`KVM stopped with exit reason ${reason} at ${this.#where()}, which this program does not know`);
    }
  }

  #guestDebugs(): boolean {
    this.readState(this.#state);
    return (this.#state.words[W.dr + 2 * 7]! & DR7_ENABLES) !== 0;
  }

  /** @returns undefined when it is none of the debugger's */
  #metBreakpoint(): VcpuExit | undefined {
    const cause = this.#hardware && causeOf(this.#hardware, this.core.run.getUint32(DR6, true));
    if (cause === undefined) return undefined;
    this.#reported = true;
    this.core.registers.take(this.#state, false);
    return { reason: 'debug', rip: this.#state.get('rip'), cause };
  }

  #where(): string {
    this.core.registers.take(this.#state, false);
    return `${this.#state.get('selector', 1).toString(16)}:${this.#state.get('rip').toString(16)}`;
  }

  /** KVM's emulator does not know the instruction. */
  #interpretOne(): VcpuExit | undefined {
    this.counts.failures++;
    const exit = this.#interpretedStep();
    return exit.reason === 'budget' || exit.reason === 'kicked' ? undefined : exit;
  }

  /**
   * A triple fault; or, on a KVM that cannot do paging without long mode, the guest's switching it on. The
   * interpreter knows the difference.
   */
  #shutdown(): VcpuExit | undefined {
    this.#lend();
    const exit = this.interpretStep();
    if (exit.reason === 'shutdown') {
      this.#takeBackIfPossible();
      return SHUTDOWN;
    }
    this.counts.lent++;
    this.#noLegacyPaging = true;
    return undefined;
  }

  #runLent(instructions: number): VcpuExit {
    if (this.kicked) {
      this.kicked = false;
      return KICKED;
    }
    const exit = this.interpretRun(Math.min(instructions, LENT_SLICE));
    this.#takeBackIfPossible();
    return exit.reason === 'budget' && this.core.timer.lookForInput() ? INPUT : exit;
  }

  #lend(): void {
    if (this.#lent) return;
    const { interpreter } = this;
    this.readState(this.#state);
    interpreter.forgetCode();
    interpreter.writeState(this.#state);
    this.#flushes = interpreter.flushes;
    this.#lent = true;
  }

  #takeBackIfPossible(): void {
    const { interpreter } = this;
    const state = this.#state;
    if (this.#debugging) return;
    interpreter.readState(state);
    if (this.#noLegacyPaging && pagesWithoutLongMode(state.words)) return;
    this.#put(state);
    if (interpreter.flushes !== this.#flushes) this.dropMappings();
    this.#lent = false;
  }

  #put(state: CpuState): void {
    this.core.registers.put(state, true);
    this.core.tsc.offset = BigInt.asIntN(64, state.get('tscOffset'));
    this.#entered(state);
  }

  /** What the last exit said about interrupts is no longer true: takes it from the state. */
  #entered({ words: w }: CpuState): void {
    const { run } = this.core;
    this.#halted = w[W.halted] !== 0;
    const enabled = (w[W.rflags]! & FLAG.IF) !== 0;
    run.setUint8(IF_FLAG, enabled ? 1 : 0);
    run.setUint8(READY, enabled && w[W.interruptShadow] === 0 ? 1 : 0);
  }
}

const pagesWithoutLongMode = (w: Int32Array): boolean => (w[W.cr0]! & CR0.PG) !== 0 && (w[W.efer]! & EFER.LMA) === 0;
