import { MODE } from '../../cpu/mode.ts';
import { CpuState, FLAG, W } from '../../cpu/state.ts';
import type { Breakpoint, VcpuExit } from '../accelerator.ts';
import { BaseVcpu, BUDGET, fatal, INPUT, KICKED } from './base-vcpu.ts';
import type { KvmBoard, KvmCpu, KvmVcpuOptions } from './core.ts';
import { EXIT, INTERNAL_ERROR_EMULATION, offsetOf } from './ioctl.ts';
import { ERRNO } from './kvm-error.ts';
import { ProgramStarts } from './program-starts.ts';
import { InstructionRestart, SYSCALL_TRAP } from './restart.ts';
import { Ring3Registers } from './ring3-registers.ts';
import { seesTrapFlag } from './single-step.ts';
import type { KvmVm } from './vm.ts';

const IO_DIRECTION = offsetOf('kvm_run', 'io.direction');
const IO_SIZE = offsetOf('kvm_run', 'io.size');
const IO_PORT = offsetOf('kvm_run', 'io.port');
const IO_OUT = 1;
const MSR = { LSTAR: 0xc0000082, CSTAR: 0xc0000083, SFMASK: 0xc0000084 } as const;
const DB = 1;
const DR6_BS = 0x4000;
const USER_CODE_64 = MODE.USER | MODE.CODE_64;
/** Long enough for KVM to deliver an exception, unless the host is busy; so often it is tried. */
const TRAP_NS = 500_000;
const TRAP_TRIES = 20;
/** Fewest instructions that the interpreter is given at a time. */
const SLICE = 20_000;

/**
 * A virtual CPU for a KVM that runs only programs on the processor and emulates the kernel slowly (page-table
 * virtualisation without VT-x or AMD-V): 64-bit code of ring 3 goes to KVM, everything else to the interpreter. KVM gets
 * an empty IDT and a SYSCALL target that faults, so whatever leaves ring 3 comes back as a triple fault with the
 * state before the instruction, and the interpreter runs that instruction.
 */
export class UserModeVcpu extends BaseVcpu implements KvmCpu {
  readonly #registers: Ring3Registers;
  readonly #restart: InstructionRestart;
  readonly #starts = new ProgramStarts();
  /** The state before a single step. */
  readonly #before = new CpuState();
  #debugging = false;
  #interpreting = false;
  /** Of the interpreter, when KVM last forgot the guest's page tables. */
  #flushes = -1;

  /** @throws KvmError */
  constructor(vm: KvmVm, board: KvmBoard, options: KvmVcpuOptions) {
    super(vm, board, options);
    const { core } = this;
    this.#registers = new Ring3Registers(core, options.interpreter);
    this.#restart = new InstructionRestart(options.interpreter, board.memory);
    try {
      core.msrs.set([
        [MSR.LSTAR, SYSCALL_TRAP],
        [MSR.CSTAR, SYSCALL_TRAP],
        [MSR.SFMASK, 0n],
      ]);
    } catch (error) {
      core.close();
      throw error;
    }
  }

  run(instructions: number): VcpuExit {
    for (;;) {
      if (this.kicked) {
        this.kicked = false;
        return KICKED;
      }
      if (this.#registers.away && this.board.interrupts.pending) this.#comeBack();
      if (!this.#registers.away) {
        const exit = this.#interpret(Math.max(instructions, SLICE));
        if (exit !== undefined) return exit;
        this.#leave();
      }
      const exit = this.#enter();
      if (exit !== undefined) return exit;
    }
  }

  step(): VcpuExit {
    this.#comeBack();
    return this.interpretStep();
  }

  /** The trap flag ends ring 3 behind one instruction, in the empty IDT. */
  stepOnProcessor(): boolean {
    this.#comeBack();
    const { state } = this.interpreter;
    const w = state.words;
    if (!this.#isForKvm(w) || seesTrapFlag((at) => this.#restart.byteAt(state.get('rip') + BigInt(at)))) return false;
    this.#before.copyFrom(state);
    w[W.rflags] = w[W.rflags]! | FLAG.TF;
    this.#leave();
    const core = this.core;
    let result: number;
    do {
      core.timer.arm(TRAP_NS);
      result = core.enter();
      core.timer.take();
    } while (result === -ERRNO.EINTR || result === -ERRNO.EAGAIN);
    core.incomplete = result === 0 && core.exitReason === EXIT.IO;
    const trapped = result === 0 && core.exitReason === EXIT.SHUTDOWN && this.#registers.exception === DB;
    this.#comeBack();
    w[W.rflags] = w[W.rflags]! & ~FLAG.TF;
    if (!trapped) this.interpreter.writeState(this.#before);
    return trapped;
  }

  kick(): void {
    this.kicked = true;
    if (this.#interpreting) this.interpreter.kick();
  }

  interruptChanged(): void {
    this.interpreter.interruptChanged();
  }

  setNmi(): void {
    this.#comeBack();
    this.interpreter.setNmi();
  }

  readState(into: CpuState): void {
    this.#comeBack();
    this.interpreter.readState(into);
  }

  writeState(from: CpuState): void {
    this.core.complete();
    this.#registers.giveUp();
    this.interpreter.writeState(from);
  }

  setBreakpoints(points: readonly Breakpoint[]): void {
    this.#comeBack();
    this.#debugging = points.length > 0;
    this.interpreter.setBreakpoints(points);
  }

  translate(linear: bigint): number | undefined {
    return this.interpreter.translate(linear);
  }

  /** @returns undefined when a program in ring 3 is to run */
  #interpret(instructions: number): VcpuExit | undefined {
    const interpreter = this.interpreter;
    interpreter.yieldAt = this.#isForKvm;
    this.#interpreting = true;
    const exit = this.interpretRun(instructions);
    this.#interpreting = false;
    interpreter.yieldAt = undefined;
    if (exit.reason === 'budget' && this.core.timer.lookForInput()) return INPUT;
    return exit.reason === 'budget' && this.#isForKvm(interpreter.state.words) ? undefined : exit;
  }

  /** 64-bit code of ring 3, with nothing due that KVM would not see. */
  readonly #isForKvm = (w: Int32Array): boolean =>
    (w[W.mode]! & (MODE.USER | MODE.CODE)) === USER_CODE_64 &&
    (w[W.rflags]! & FLAG.TF) === 0 &&
    // KVM would run it with IOPL 0: ports, CLI, PUSHF and POPF would differ.
    (w[W.rflags]! & FLAG.IOPL) !== FLAG.IOPL &&
    w[W.interruptShadow] === 0 &&
    w[W.debugTrap] === 0 &&
    w[W.halted] === 0 &&
    w[W.nmiPending] === 0 &&
    (w[W.dr + 14]! & 0xff) === 0 &&
    !this.#debugging &&
    !this.#starts.starting(w, this.interpreter.instructions);

  /** Gives the program to KVM. */
  #leave(): void {
    this.#registers.give();
    const { flushes } = this.interpreter;
    if (flushes === this.#flushes) return;
    this.#flushes = flushes;
    this.dropMappings();
  }

  /** Takes the program's registers from KVM. */
  #comeBack(): void {
    if (!this.#registers.away) return;
    this.core.complete();
    this.#takeRegisters();
  }

  #takeRegisters(): void {
    this.#registers.take();
    if (this.interpreter.state.get('rip') === SYSCALL_TRAP) this.#restart.systemCall();
  }

  /** @returns undefined when the run goes on */
  #enter(): VcpuExit | undefined {
    const core = this.core;
    core.timer.arm(this.sliceNs());
    for (let tries = TRAP_TRIES; ; ) {
      this.counts.runs++;
      const result = core.enter();
      core.incomplete = false;
      const reason = core.exitReason;
      if (result < 0 || reason === EXIT.INTR) {
        const failed = result < 0 ? this.failedRun(-result) : undefined;
        if (failed !== undefined) return failed;
        core.timer.take();
        if (tries-- > 0 && this.#isBehindTrap()) {
          core.timer.arm(TRAP_NS);
          continue;
        }
        // The program went over to compatibility mode.
        if (!this.#registers.is64Bit) this.#comeBack();
        return core.timer.takeInput() ? INPUT : BUDGET;
      }
      switch (reason) {
        case EXIT.MMIO:
          this.counts.mmio++;
          core.serve(reason);
          if (this.kicked || this.board.interrupts.pending) return undefined;
          break;
        case EXIT.IO:
          this.counts.io++;
          return this.#port();
        case EXIT.SHUTDOWN:
          return this.#event();
        case EXIT.INTERNAL_ERROR:
          if (this.suberror !== INTERNAL_ERROR_EMULATION) return fatal('KVM: internal error');
          this.counts.failures++;
          this.#comeBack();
          return this.#interpretOne();
        default:
          return fatal(`KVM stopped with exit reason ${reason} in ring 3, which this program does not know`);
      }
    }
  }

  /**
   * The program was interrupted behind what may be an instruction that traps: the exception may still wait in the
   * kernel and would be lost with the next registers that it gets. It comes out at an entry that is not interrupted. Of
   * INT3 and INTO the kernel does not tell; other exceptions are faults, whose instruction runs again.
   */
  #isBehindTrap(): boolean {
    const registers = this.#registers;
    if (registers.exception === DB && registers.exceptionWaits) return true;
    const last = this.#restart.byteAt(registers.rip - 1n);
    return last === 0xcc || last === 0xce;
  }

  #interpretOne(): VcpuExit | undefined {
    const exit = this.interpretStep();
    if (exit.reason === 'kicked') this.kicked = false;
    return exit.reason === 'budget' ? undefined : exit;
  }

  /** An exception, interrupt instruction or system call: the interpreter does it again, with the guest's own IDT. */
  #event(): VcpuExit | undefined {
    const { exception } = this.#registers;
    this.#comeBack();
    const w = this.interpreter.state.words;
    if (exception === DB && (w[W.rflags]! & FLAG.TF) !== 0) {
      w[W.debugTrap] = w[W.debugTrap]! | DR6_BS;
      return undefined;
    }
    this.#restart.exception(exception);
    return this.#interpretOne();
  }

  /**
   * Such a KVM lets ring 3 reach ports without asking for permission: the interpreter asks. IN has not happened yet,
   * OUT has moved RIP on.
   */
  #port(): VcpuExit | undefined {
    const core = this.core;
    const out = core.run.getUint8(IO_DIRECTION) === IO_OUT;
    this.#takeRegisters();
    core.abandon();
    if (out) this.#restart.output(core.run.getUint16(IO_PORT, true), core.run.getUint8(IO_SIZE));
    return this.#interpretOne();
  }
}
