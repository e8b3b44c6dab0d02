import { CpuState } from '../cpu/state.ts';
import type { Vcpu } from './accelerator.ts';
import type { KvmCpu } from './kvm/core.ts';
import type { TcgVcpu } from './tcg/vcpu.ts';

export type AcceleratorName = 'tcg' | 'kvm';

/** The two ways to run the one CPU of a machine, and which of them has its state. */
export class CpuPair {
  readonly tcg: TcgVcpu;
  /** Undefined when the machine was not made to move. */
  readonly kvm: KvmCpu | undefined;
  #name: AcceleratorName;

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
}
