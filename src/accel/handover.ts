import { CpuState } from '../cpu/state.ts';
import type { Vcpu } from './accelerator.ts';
import type { KvmCpu } from './kvm/core.ts';
import { KvmError } from './kvm/kvm-error.ts';
import type { TcgVcpu } from './tcg/vcpu.ts';

export type AcceleratorName = 'tcg' | 'kvm';

/** How long a move took, in milliseconds. */
export interface HandoverTimes {
  /** Until the guest stood between two instructions. */
  readonly stop: number;
  /** Copying the CPU state. */
  readonly move: number;
}

/** The two ways to run the one CPU of a machine, and which of them has its state. */
export class CpuPair {
  readonly tcg: TcgVcpu;
  /** Undefined when the machine was not made to move. */
  readonly kvm: KvmCpu | undefined;
  #name: AcceleratorName;
  #closed = false;

  constructor(tcg: TcgVcpu, kvm: KvmCpu | undefined, first: AcceleratorName) {
    this.tcg = tcg;
    this.kvm = kvm;
    this.#name = first;
  }

  get name(): AcceleratorName {
    return this.#name;
  }

  get active(): Vcpu {
    return this.#name === 'kvm' ? this.kvm! : this.tcg;
  }

  /** Moves the state of a CPU that stands at an instruction boundary; RAM stays where it is. */
  moveTo(name: AcceleratorName): void {
    if (name === this.#name) return;
    const { active } = this;
    const state = new CpuState();
    active.readState(state);
    if (name === 'tcg') this.tcg.forgetCode();
    (name === 'kvm' ? this.kvm! : this.tcg).writeState(state);
    this.#name = name;
  }

  /** The machine is over: the kernel gets its virtual machine back, the last state stays readable. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.moveTo('tcg');
    } catch (error) {
      // A virtual CPU that has failed may not tell its state.
      if (!(error instanceof KvmError)) throw error;
      this.#name = 'tcg';
    }
    this.kvm?.close();
  }
}
