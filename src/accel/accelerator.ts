import type { InterruptSource } from '../bus/irq.ts';
import type { PortAccess } from '../cpu/context.ts';
import type { CpuState } from '../cpu/state.ts';
import type { AddressMap } from '../memory/address-map.ts';

/** Everything a virtual CPU can touch. Both accelerators get the same three objects. */
export interface Board {
  readonly memory: AddressMap;
  readonly ports: PortAccess;
  readonly interrupts: InterruptSource;
}

/** What the machine must decide; `input`: the host has something to read. Port and MMIO accesses have been served. */
export type VcpuExit =
  | { readonly reason: 'budget' | 'kicked' | 'input' | 'halt' | 'shutdown' }
  | { readonly reason: 'debug'; readonly rip: bigint; readonly cause: DebugCause }
  | { readonly reason: 'fatal'; readonly message: string };

export type DebugCause =
  | { readonly kind: 'step' | 'breakpoint' }
  | { readonly kind: 'watch'; readonly address: bigint; readonly access: 'read' | 'write' | 'access' };

/** A place where the debugger wants to stop. Addresses are linear. */
export interface Breakpoint {
  readonly kind: 'execute' | 'write' | 'read' | 'access';
  readonly address: bigint;
  readonly length: number;
}

export interface Vcpu {
  /** Runs at most `instructions` instructions. */
  run(instructions: number): VcpuExit;
  /** Runs exactly one instruction (or delivers one event). */
  step(): VcpuExit;
  /** Asks a running vCPU to come back soon. */
  kick(): void;
  /** Instructions completed since power-on. */
  readonly instructions: number;
  readState(into: CpuState): void;
  writeState(from: CpuState): void;
  setBreakpoints(points: readonly Breakpoint[]): void;
  /** Tells that INTR changed. */
  interruptChanged(): void;
  setNmi(): void;
  setA20(enabled: boolean): void;
  /** Physical address behind a linear one, as the guest's tables say now; changes nothing. */
  translate(linear: bigint): number | undefined;
}
