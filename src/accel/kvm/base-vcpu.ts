import type { VcpuExit } from '../accelerator.ts';
import { type Interpreter, type KvmBoard, type KvmCounts, type KvmVcpuOptions, noCounts, VcpuCore } from './core.ts';
import { offsetOf } from './ioctl.ts';
import { ERRNO, errnoName } from './kvm-error.ts';
import type { KvmVm } from './vm.ts';

export const BUDGET: VcpuExit = { reason: 'budget' };
export const KICKED: VcpuExit = { reason: 'kicked' };
export const INPUT: VcpuExit = { reason: 'input' };
export const fatal = (message: string): VcpuExit => ({ reason: 'fatal', message });

const SUBERROR = offsetOf('kvm_run', 'internal.suberror');

/** What the CPUs of both kinds of KVM have in common: the kernel's side, and the interpreter that stands in for it. */
export abstract class BaseVcpu {
  readonly counts: KvmCounts = noCounts();
  protected readonly core: VcpuCore;
  protected readonly board: KvmBoard;
  protected readonly interpreter: Interpreter;
  protected readonly sliceNs: () => number;
  protected kicked = false;

  /** @throws KvmError */
  constructor(vm: KvmVm, board: KvmBoard, options: KvmVcpuOptions) {
    this.core = new VcpuCore(vm, board, options.model);
    this.board = board;
    this.interpreter = options.interpreter;
    this.sliceNs = options.sliceNs;
  }

  get instructions(): number {
    return this.interpreter.instructions;
  }

  setA20(enabled: boolean): void {
    this.core.vm.setA20(enabled);
    this.interpreter.setA20(enabled);
  }

  watchInput(fd: number): void {
    this.core.timer.watch(fd);
  }

  forgetInput(fd: number): void {
    this.core.timer.forget(fd);
  }

  tsc(): bigint {
    return this.core.tsc.now();
  }

  close(): void {
    this.core.close();
  }

  protected interpretStep(): VcpuExit {
    return this.#counted(() => this.interpreter.step());
  }

  protected interpretRun(instructions: number): VcpuExit {
    const exit = this.#counted(() => this.interpreter.run(instructions));
    if (exit.reason === 'kicked') this.kicked = false;
    return exit;
  }

  /** @returns undefined when a signal ended KVM_RUN */
  protected failedRun(errno: number): VcpuExit | undefined {
    if (errno === ERRNO.EINTR || errno === ERRNO.EAGAIN) return undefined;
    return fatal(`KVM_RUN failed with ${errnoName(errno)}`);
  }

  /** Of KVM's internal error. */
  protected get suberror(): number {
    return this.core.run.getUint32(SUBERROR, true);
  }

  protected dropMappings(): void {
    this.counts.dropped++;
    this.core.vm.dropMappings();
  }

  #counted(run: () => VcpuExit): VcpuExit {
    const { interpreter } = this;
    const before = interpreter.instructions;
    const exit = run();
    this.counts.interpreted += interpreter.instructions - before;
    return exit;
  }
}
