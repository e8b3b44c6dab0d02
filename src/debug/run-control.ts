import type { Machine } from '../machine/machine.ts';

/**
 * Who may let a machine run: the user (monitor, gdb) says stop and go; a consumer of output that is full holds
 * the machine back meanwhile.
 */
export class RunControl {
  readonly machine: Machine;
  #wanted = false;
  #held = false;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** True when the user has stopped the machine. */
  get stopped(): boolean {
    return !this.#wanted;
  }

  go(): void {
    this.#wanted = true;
    if (!this.#held) this.machine.start();
  }

  /** Resolves at an instruction boundary. */
  async stop(): Promise<void> {
    this.#wanted = false;
    await this.machine.pause();
  }

  /** The machine stopped by itself, at a breakpoint. */
  hasStopped(): void {
    this.#wanted = false;
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
