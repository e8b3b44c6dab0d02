import type { Breakpoint, DebugCause, Vcpu, VcpuExit } from '../accel/accelerator.ts';
import { type AcceleratorName, CpuPair, type HandoverTimes } from '../accel/handover.ts';
import { InterruptLatch } from '../accel/interrupt-latch.ts';
import type { KvmCpu } from '../accel/kvm/core.ts';
import type { KvmHost } from '../accel/kvm/index.ts';
import { KvmError } from '../accel/kvm/kvm-error.ts';
import { allocateRam, createTcg } from '../accel/tcg/index.ts';
import type { JitOptions } from '../accel/tcg/jit/options.ts';
import type { TcgVcpu, Tier } from '../accel/tcg/vcpu.ts';
import type { CharBackend } from '../bus/backends.ts';
import { type CpuModel, parseCpuModel } from '../cpu/cpuid.ts';
import { resetState } from '../cpu/reset.ts';
import { CpuState } from '../cpu/state.ts';
import { addressSpaceLimit } from '../host/address-space.ts';
import type { UseAdvice } from '../memory/arena.ts';
import { GuestRam } from '../memory/ram.ts';
import { type BootPlan, loadIntoMemory } from './boot/boot-plan.ts';
import { planKernel } from './boot/load-kernel.ts';
import { type MemoryLayout, memoryLayout } from './boot/memory-layout.ts';
import { SerialConsole } from './console.ts';
import { applyEntry } from './entry.ts';
import { CountedClock, HostClock, type MachineClock } from './machine-clock.ts';
import { Pc } from './pc.ts';
import { RunLoop } from './run-loop.ts';

/** How a machine is made. Sizes in bytes. */
export interface MachineConfig {
  /** Bytes of RAM, a multiple of 4096. */
  readonly memory: number;
  /** CPU model and features, as QEMU spells them: `qemu64,-pni`, `max`. */
  readonly cpu?: string;
  readonly tier?: Tier;
  /** How the tier `jit` makes its code. */
  readonly jit?: JitOptions;
  /** What runs the CPU at first: tcg when not given. */
  readonly accel?: AcceleratorName;
  /** KVM of this host: the machine may run under it, and shows the guest only what both accelerators offer. */
  readonly kvm?: KvmHost;
  /** Is told of memory that will be used. */
  readonly memoryAdvice?: UseAdvice;
  /** Guest time counts instructions instead of following the host's clock. */
  readonly icount?: boolean;
  /** Kernel image (bzImage, ELF with PVH note, Multiboot); without it `firmware` is started. */
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly append?: string;
  /** ROM image, a multiple of 64 KiB, entered at the reset vector. */
  readonly firmware?: Uint8Array;
  /** Back end of COM1; a `SerialConsole` when not given. */
  readonly serial?: CharBackend;
  /** A reset ends the run instead of starting the guest again. */
  readonly noReboot?: boolean;
  /** Bytes written to port E9h. */
  readonly debugcon?: (byte: number) => void;
  /** Milliseconds since 1970 for the RTC; the host's time when not given. */
  readonly wallClock?: () => number;
}

/** How a machine ended. */
export type MachineExit =
  | { readonly reason: 'poweroff' | 'stopped' }
  | { readonly reason: 'reset'; readonly why: string }
  | { readonly reason: 'debug-exit'; readonly status: number }
  | { readonly reason: 'fatal'; readonly message: string };

/** V8 reserves 10 GiB of address space for WebAssembly memory, and ends the process when it finds none for itself. */
const ROOMY = 2 ** 36;

/** Resets in a row without this much guest work between them are a reset loop. */
const RESET_STORM = { count: 50, instructions: 1_000_000 };

/**
 * A PC: board, CPU and time. `start` lets it run in the background of Node's event loop; `exit` resolves when
 * it is over.
 */
export class Machine {
  readonly pc: Pc;
  readonly model: CpuModel;
  readonly clock: MachineClock;
  readonly layout: MemoryLayout;
  /** COM1, unless the configuration brought a back end of its own. */
  readonly console: SerialConsole;
  /** Resolves when the guest powered off, the machine was shut down, or something fatal happened. */
  readonly exit: Promise<MachineExit>;
  /** Told when the guest was stopped by a breakpoint; the machine stays paused until `start`. */
  onDebug: (rip: bigint, cause: DebugCause) => void = () => {};
  /** Told after each reset of the machine. */
  onReset: (why: string) => void = () => {};
  /** Told when the CPU starts or pauses. */
  onRunState: (running: boolean) => void = () => {};
  resets = 0;
  readonly #cpus: CpuPair;
  readonly #interrupts: InterruptLatch;
  readonly #config: MachineConfig;
  readonly #plan: BootPlan | undefined;
  readonly #loop: RunLoop;
  #finish: (exit: MachineExit) => void = () => {};
  #over: MachineExit | undefined;
  #session: Promise<void> | undefined;
  #storm = { count: 0, instructions: 0 };

  constructor(config: MachineConfig) {
    this.#config = config;
    const model = parseCpuModel(config.cpu ?? 'qemu64');
    this.model = config.kvm?.limitModel(model) ?? model;
    this.layout = memoryLayout(config.memory);
    this.console = new SerialConsole();
    // The board asks for the time before there is a CPU.
    let cpu: Vcpu | undefined;
    const instructions = () => cpu?.instructions ?? 0;
    this.clock =
      config.icount === true ? new CountedClock(instructions) : new HostClock(() => performance.now(), instructions);
    this.exit = new Promise((resolve) => {
      this.#finish = (exit) => {
        this.console.end(exit.reason);
        this.#cpus.close();
        resolve(exit);
      };
    });
    this.pc = new Pc(
      {
        layout: this.layout,
        allocate: (size, romSize) => allocate(config, size, romSize),
        clock: this.clock.timers,
        wallClock: config.wallClock ?? (config.icount === true ? () => 0 : Date.now),
        serial: [watchInput(config.serial ?? this.console, () => this.#loop.notify())],
        debugcon: config.debugcon ?? (() => {}),
        rom: config.kernel === undefined ? config.firmware : undefined,
      },
      {
        onReset: (why) => this.#loop.requestReset(why),
        onPowerOff: () => this.#end({ reason: 'poweroff' }),
        onDebugExit: (status) => this.#end({ reason: 'debug-exit', status }),
        onA20: (enabled) => this.vcpu.setA20(enabled),
        onInterrupt: () => {
          this.vcpu.interruptChanged();
          this.#loop.notify();
        },
      },
    );
    this.#plan =
      config.kernel === undefined
        ? undefined
        : planKernel({
            kernel: config.kernel,
            layout: this.layout,
            ...(config.initrd === undefined ? {} : { initrd: config.initrd }),
            commandLine: config.append ?? '',
            rsdp: this.pc.rsdp,
            longMode: this.model.has('lm'),
          });
    this.#interrupts = new InterruptLatch(this.pc.pic);
    const board = { memory: this.pc.memory, ports: this.pc.ports, interrupts: this.#interrupts };
    // Under kvm user programs may read the host's counter itself, so a machine that may move shows it always.
    const tsc = () => this.#cpus?.kvm?.tsc() ?? this.clock.tsc();
    const { tier = 'jit', jit = {} } = config;
    const tcg = createTcg(board, { model: this.model, tier, jit, tsc });
    cpu = tcg;
    const kvm = config.kvm?.createVcpu(board, {
      model: this.model,
      interpreter: tcg,
      sliceNs: () => this.clock.sliceNs(),
    });
    this.#cpus = new CpuPair(tcg, kvm, config.accel ?? 'tcg');
    this.#loop = new RunLoop(() => this.vcpu, this.clock);
    try {
      this.#powerOn();
    } catch (error) {
      this.#cpus.close();
      throw error;
    }
  }

  /** The CPU under the accelerator that has it now. */
  get vcpu(): Vcpu {
    return this.#cpus.active;
  }

  /** The software CPU, for tools that look inside. */
  get tcg(): TcgVcpu {
    return this.#cpus.tcg;
  }

  /** The CPU under kvm, of a machine that was made with it. */
  get kvm(): KvmCpu | undefined {
    return this.#cpus.kvm;
  }

  get accelerator(): AcceleratorName {
    return this.#cpus.name;
  }

  get running(): boolean {
    return this.#session !== undefined;
  }

  /** Lets the machine run. Does nothing when it runs already or is over. */
  start(): void {
    if (this.#session !== undefined || this.#over !== undefined) return;
    this.#loop.arm();
    this.onRunState(true);
    this.#session = this.#run().finally(() => {
      this.#session = undefined;
      this.onRunState(false);
    });
  }

  /** Halts the CPU at an instruction boundary; `start` goes on. */
  async pause(): Promise<void> {
    this.#loop.stop();
    await this.#session;
  }

  /**
   * Moves the guest to the other accelerator, between two instructions; a running machine goes on.
   * @throws KvmError when the machine was not made for kvm, or is over
   */
  async switchAccelerator(name: AcceleratorName): Promise<HandoverTimes> {
    if (name === 'kvm' && this.#cpus.kvm === undefined) {
      throw new KvmError('this machine was not made for kvm: start it with --accel tcg:kvm, or kvm:tcg');
    }
    const { running } = this;
    const asked = performance.now();
    await this.pause();
    if (this.#over !== undefined) throw new KvmError('the machine is over');
    const stopped = performance.now();
    this.#cpus.moveTo(name);
    const moved = performance.now();
    if (running) this.start();
    return { stop: stopped - asked, move: moved - stopped };
  }

  /** Ends the machine. */
  async stop(): Promise<void> {
    this.#end({ reason: 'stopped' });
    await this.#session;
    this.#finish(this.#over!);
  }

  /** Pushes the reset button. */
  reset(): void {
    this.#loop.requestReset('reset button');
  }

  /** Asks the guest to shut down (ACPI power button). */
  powerButton(): void {
    this.pc.pm.pressPowerButton();
  }

  /** Runs one instruction of a paused machine; what it led to beyond that happens at the next `start`. */
  step(): VcpuExit {
    const exit = this.vcpu.step();
    this.clock.timers.dispatch();
    if (exit.reason === 'shutdown') this.#loop.requestReset('triple fault');
    return exit;
  }

  /** Keeps interrupts from the CPU, for tools that step it; they come when this is taken back. */
  holdInterrupts(held: boolean): void {
    this.#interrupts.held = held;
    this.vcpu.interruptChanged();
  }

  setBreakpoints(points: readonly Breakpoint[]): void {
    this.vcpu.setBreakpoints(points);
  }

  /** A copy of the CPU state, lazy flags settled. */
  readState(): CpuState {
    const state = new CpuState();
    this.vcpu.readState(state);
    return state;
  }

  writeState(state: CpuState): void {
    this.vcpu.writeState(state);
  }

  async #run(): Promise<void> {
    while (this.#over === undefined) {
      const result = await this.#loop.run();
      if (this.#over !== undefined) break;
      switch (result.reason) {
        case 'stopped':
          return;
        case 'debug':
          queueMicrotask(() => this.onDebug(result.rip, result.cause));
          return;
        case 'fatal':
          this.#end(result);
          break;
        case 'reset':
          if (this.#config.noReboot === true) this.#end(result);
          else await this.#restart(result.why);
          break;
      }
    }
    this.#finish(this.#over!);
  }

  async #restart(why: string): Promise<void> {
    const { instructions } = this.vcpu;
    const storm = this.#storm;
    storm.count = instructions - storm.instructions < RESET_STORM.instructions ? storm.count + 1 : 0;
    storm.instructions = instructions;
    // A guest that resets at once, over and over, must not keep the host busy.
    if (storm.count > RESET_STORM.count) await new Promise((resolve) => setTimeout(resolve, 100));
    this.resets++;
    this.#powerOn();
    this.onReset(why);
  }

  /** The state in which the guest's first instruction runs. */
  #powerOn(): void {
    this.pc.reset();
    this.#interrupts.clear();
    const state = new CpuState();
    if (this.#plan === undefined) {
      resetState(state, this.model);
    } else {
      loadIntoMemory(this.#plan, this.pc.memory);
      applyEntry(state, this.#plan.entry, this.model);
    }
    this.vcpu.writeState(state);
  }

  #end(exit: MachineExit): void {
    this.#over ??= exit;
    this.#loop.stop();
  }
}

/** A back end whose input wakes a halted machine. */
function watchInput(backend: CharBackend, wake: () => void): CharBackend {
  return {
    write: (byte) => backend.write(byte),
    onDrain: (resume) =>
      backend.onDrain(() => {
        resume();
        wake();
      }),
    pauseInput: (paused) => backend.pauseInput?.(paused),
    onInput: (receive) =>
      backend.onInput((bytes) => {
        receive(bytes);
        wake();
      }),
  };
}

/** Memory that KVM can use too, else memory that WebAssembly code can use, else plain. */
function allocate({ kvm, memoryAdvice }: MachineConfig, size: number, romSize: number): GuestRam {
  if (kvm === undefined && addressSpaceLimit() >= ROOMY) return allocateRam(size, romSize, memoryAdvice);
  const bytes = size + romSize;
  return new GuestRam(kvm?.allocate(bytes) ?? new ArrayBuffer(bytes), size);
}
