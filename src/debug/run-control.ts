import type { DebugCause, VcpuExit } from '../accel/accelerator.ts';
import type { Machine } from '../machine/machine.ts';

/** Why a machine that ran stands still now. */
export type StopCause = DebugCause | { readonly kind: 'user' };

/**
 * Who may let a machine run: the user (monitor, gdb) says stop and go; a consumer of output that is full holds
 * the machine back meanwhile.
 */
export class RunControl {
  readonly machine: Machine;
  /** Told when a machine that the user let run was stopped, by a breakpoint or by the user. */
  onStop: (cause: StopCause) => void = () => {};
  #wanted = false;
  #held = false;

  constructor(machine: Machine) {
    this.machine = machine;
    machine.onDebug = (_rip, cause) => {
      this.#wanted = false;
      this.onStop(cause);
    };
  }

  /** True when the user has stopped the machine. */
  get stopped(): boolean {
    return !this.#wanted;
  }

  go(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (!this.#held) this.machine.start();
  }

  /** Resolves at an instruction boundary. */
  async stop(): Promise<void> {
    const ran = this.#wanted;
    this.#wanted = false;
    await this.machine.pause();
    if (ran) this.onStop({ kind: 'user' });
  }

  /** Runs one instruction of a stopped machine. */
  step(): VcpuExit {
    // A kick that came while the machine stood still ends the first attempt before it begins.
    const exit = this.machine.step();
    return exit.reason === 'kicked' ? this.machine.step() : exit;
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    void this.machine.pause();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    // A pause that is under way must come to its end before the machine can start.
    void this.machine.pause().then(() => {
      if (this.#wanted && !this.#held) this.machine.start();
    });
  }
}
