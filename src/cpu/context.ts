import type { InterruptSource } from '../bus/irq.ts';
import type { CpuModel } from './cpuid.ts';
import type { CpuState } from './state.ts';

/**
 * Memory by linear address, as helpers use it. Addresses are two int32 halves (high is 0 outside 64-bit mode).
 * `user`: check as CPL 3 would; false is a supervisor access (descriptor tables, TSS, stacks of inner rings).
 * Faults are raised (#PF with CR2, #GP(0) or #SS(0) for non-canonical addresses) before anything is written;
 * accesses may cross pages.
 */
export interface LinearMemory {
  read8(low: number, high: number, user: boolean): number;
  read16(low: number, high: number, user: boolean): number;
  /** As int32. */
  read32(low: number, high: number, user: boolean): number;
  /** Low half; the high half is left in state word W.hi. */
  read64(low: number, high: number, user: boolean): number;
  write8(low: number, high: number, value: number, user: boolean): void;
  write16(low: number, high: number, value: number, user: boolean): void;
  write32(low: number, high: number, value: number, user: boolean): void;
  write64(low: number, high: number, valueLow: number, valueHigh: number, user: boolean): void;
  /** Raises the fault that writing `bytes` bytes would raise; writes nothing. */
  probeWrite(low: number, high: number, bytes: number, user: boolean): void;
  /**
   * Copies bytes upwards, or downwards, between two places that each stay in a page. False, and nothing done, unless
   * both are RAM that the TLB knows to be accessible so, and the copy reads no byte that it wrote.
   */
  move(
    toLow: number,
    toHigh: number,
    fromLow: number,
    fromHigh: number,
    bytes: number,
    down: boolean,
    user: boolean,
  ): boolean;
  /** Stores `count` elements of `size` bytes in one page; false as for `move`. */
  fill(
    low: number,
    high: number,
    count: number,
    size: number,
    valueLow: number,
    valueHigh: number,
    user: boolean,
  ): boolean;
  /** Drops cached translations: all, or all but global ones. */
  flush(globals: boolean): void;
  /** Drops the translation of one page (INVLPG). */
  flushPage(low: number, high: number): void;
  /** CR0, CR3, CR4, EFER or the PDPTEs changed: take them from the state anew (and flush as the SDM demands). */
  pagingChanged(): void;
  /**
   * CR3 was loaded while CR4.PCIDE is set. The translations that its process-context identifier had before are good
   * again where `keep` says so (SDM 3A 4.10.4.1).
   */
  contextChanged(keep: boolean): void;
  /** int32 at a 4-byte aligned physical address (PDPTEs). */
  readPhysical32(address: number): number;
}

/** Ports as IN and OUT reach them; permission has been checked. */
export interface PortAccess {
  read(port: number, size: 1 | 2 | 4): number;
  write(port: number, size: 1 | 2 | 4, value: number): void;
}

/** What run-time helpers see of the CPU they belong to. */
export interface CpuContext {
  readonly state: CpuState;
  /** `state.words`. */
  readonly w: Int32Array;
  readonly memory: LinearMemory;
  readonly ports: PortAccess;
  readonly interrupts: InterruptSource;
  readonly model: CpuModel;
  /** Time-stamp counter without the guest's offset: a count that never goes back. */
  tsc(): bigint;
  /** Ask the engine to look for interrupts and mode changes at the next block end. */
  attention(): void;
  /** FERR# is asserted: an unmasked x87 exception waits while CR0.NE = 0 (the board's IRQ 13). */
  ferr: (() => void) | undefined;
  /** Trace channel `int`, when on. */
  traceInterrupt: ((line: string) => void) | undefined;
}
