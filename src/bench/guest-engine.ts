import type { GuestArch } from '../host/pull/pull-debian.ts';
import type { FileOrBytes } from '../machine/create-machine.ts';
import type { Engine, EngineName, Job, Measured } from './engine.ts';
import { LinuxGuest } from './linux-guest.ts';
import { RomGuest } from './rom-guest.ts';

/** How a machine runs its CPU, in the words of `createMachine`. */
export interface GuestSetup {
  readonly accel: 'kvm' | 'tcg';
  readonly tier: 'jit' | 'interp' | 'eval';
  /** Another ROM image than the one that comes with emu. */
  readonly firmware?: FileOrBytes;
}

/** Runs guests in this process, one at a time; between jobs the guest stands still. */
export class GuestEngine implements Engine {
  readonly name: EngineName;
  readonly #setup: GuestSetup;
  #rom: RomGuest | undefined;
  #linux: LinuxGuest | undefined;

  constructor(setup: GuestSetup) {
    this.#setup = setup;
    this.name = setup.accel === 'kvm' ? 'kvm' : setup.tier;
  }

  async run(job: Job): Promise<Measured> {
    switch (job.kind) {
      case 'rom':
        await this.#closeLinux();
        this.#rom ??= await RomGuest.boot(this.#setup);
        return this.#rom.run(job);
      case 'boot':
        await this.close();
        return this.#boot(job.arch);
      case 'command':
        if (this.#linux?.arch !== job.arch) {
          await this.close();
          await this.#boot(job.arch);
        }
        return this.#linux!.run(job.command);
    }
  }

  async close(): Promise<void> {
    await this.#rom?.close();
    this.#rom = undefined;
    await this.#closeLinux();
  }

  async #boot(arch: GuestArch): Promise<Measured> {
    const { guest, ms } = await LinuxGuest.boot(this.#setup, arch);
    this.#linux = guest;
    return { ms, result: 'shell' };
  }

  async #closeLinux(): Promise<void> {
    await this.#linux?.close();
    this.#linux = undefined;
  }
}
