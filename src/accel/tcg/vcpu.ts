import type { InterruptSource } from '../../bus/irq.ts';
import type { CpuContext, LinearMemory, PortAccess } from '../../cpu/context.ts';
import type { CpuModel } from '../../cpu/cpuid.ts';
import { createDecoder, type Decode } from '../../cpu/decode.ts';
import { isGuestFault, raise, raiseGP, VECTOR } from '../../cpu/fault.ts';
import { arithmeticFlags, setArithmeticFlags } from '../../cpu/flags.ts';
import { recordDebug } from '../../cpu/helpers/debug-registers.ts';
import { createHelpers } from '../../cpu/helpers/index.ts';
import { deliver } from '../../cpu/helpers/interrupt.ts';
import { STEP_BUDGET } from '../../cpu/helpers/string.ts';
import { MODE, updateMode } from '../../cpu/mode.ts';
import { CpuState, CS, FLAG, W } from '../../cpu/state.ts';
import { CodePages } from '../../memory/code-pages.ts';
import { Mmu, type MmuFaults } from '../../mmu/mmu.ts';
import type { Board, Breakpoint, DebugCause, Vcpu, VcpuExit } from '../accelerator.ts';
import { BreakpointSet } from './breakpoints.ts';
import { CodeCache } from './code-cache.ts';
import { CODE_LIMITS, CodeKeeper, type CodeLimits, SPARE_RECORDS } from './code-keeper.ts';
import { Environment } from './environment.ts';
import { Forms } from './forms.ts';
import { GuestBreakpoints } from './guest-breakpoints.ts';
import { HandOver } from './hand-over.ts';
import { hotness } from './jit/hot.ts';
import type { JitOptions } from './jit/options.ts';
import { choosePasses } from './jit/passes.ts';
import { Regions } from './jit/regions.ts';
import { createPagingConfig, linearMemory, takePaging } from './linear-memory.ts';
import { Loops, type Running } from './loops.ts';
import { R, STOP } from './record.ts';
import { Records } from './records.ts';
import { ReferenceTier } from './reference.ts';

export type Tier = 'eval' | 'interp' | 'jit';

export interface TcgOptions {
  readonly model: CpuModel;
  readonly tier: Tier;
  /** Time-stamp counter: a count that never goes back. */
  readonly tsc: () => bigint;
  readonly jit?: JitOptions;
  /** Records of predecoded instructions after which the interpreter's loops are made. */
  readonly loopAfter?: number;
  /** How much translated code is kept. */
  readonly limits?: Partial<CodeLimits>;
}

const BUDGET: VcpuExit = { reason: 'budget' };
const KICKED: VcpuExit = { reason: 'kicked' };
const HALT: VcpuExit = { reason: 'halt' };
const SHUTDOWN: VcpuExit = { reason: 'shutdown' };

/**
 * A virtual CPU in software. `run` looks for events, finds the record at RIP, and lets records hand over to
 * each other until one returns STOP: budget used, an event waits, or the mode may have changed.
 */
export class TcgVcpu implements Vcpu, CpuContext {
  readonly state: CpuState;
  readonly w: Int32Array;
  readonly memory: LinearMemory;
  readonly ports: PortAccess;
  readonly interrupts: InterruptSource;
  readonly model: CpuModel;
  readonly tsc: () => bigint;
  readonly mmu: Mmu;
  readonly code: CodeCache;
  readonly forms: Forms;
  readonly pages: CodePages;
  /** What generated code names, and the memory that it is given. */
  readonly environment: Environment;
  /** Emitted code; undefined in the tiers without it. */
  readonly regions: Regions | undefined;
  readonly #decode: Decode;
  readonly #loops: Loops;
  readonly #running: Running = { rec: STOP };
  readonly #records: Records;
  readonly #handOver: HandOver;
  readonly #reference: ReferenceTier;
  readonly #tier: Tier;
  readonly #points: BreakpointSet;
  readonly #keeper: CodeKeeper;
  readonly #guestPoints: GuestBreakpoints;
  ferr: (() => void) | undefined;
  traceInterrupt: ((line: string) => void) | undefined;
  /** Called before each instruction when the `cpu` trace channel is on; such a run goes step by step. */
  traceStep: (() => void) | undefined;
  /** When this says so between two instructions, `run` comes back with its budget. */
  yieldAt: ((w: Int32Array) => boolean) | undefined;

  #kicked = false;
  #completed = 0;
  #sliceBudget = 0;
  #debug: DebugCause | undefined;
  /** The debugger knows that the CPU is where it is: a breakpoint there has done its work. */
  #reported = false;

  constructor(board: Board, options: TcgOptions) {
    const { memory: map } = board;
    const arena = map.ram.takeSpare();
    this.state = new CpuState(arena);
    const w = this.state.words;
    this.w = w;
    this.ports = board.ports;
    this.interrupts = board.interrupts;
    this.model = options.model;
    this.tsc = options.tsc;
    this.#tier = options.tier;
    this.pages = new CodePages(map.ram.length);
    map.onDeviceWrite.push((offset, length) => this.pages.writtenRange(offset, length));
    const faults: MmuFaults = {
      pageFault(low, high, errorCode) {
        w[W.cr2] = low;
        w[W.cr2 + 1] = high;
        return raise(VECTOR.PF, errorCode);
      },
      nonCanonical: (stack) => (stack ? raise(VECTOR.SS, 0) : raiseGP(0)),
    };
    this.mmu = new Mmu(map, this.pages, createPagingConfig(), faults, arena);
    this.memory = linearMemory(w, this.mmu);
    const helpers = createHelpers(this);
    const environment = new Environment(this.state, map.ram, this.mmu, helpers, arena);
    this.environment = environment;
    const hasWasm = environment.memory !== undefined && choosePasses(options.jit?.passes)['web-assembly'];
    const hot = hotness(options.jit?.hot, hasWasm);
    const limits = { ...CODE_LIMITS, ...options.limits };
    this.#records = new Records(limits.records + SPARE_RECORDS, arena);
    this.forms = new Forms(environment, this.#records, hot, options.jit?.keptForms);
    this.#decode = createDecoder({ features: options.model.features });
    this.code = new CodeCache(w, this.mmu, this.pages, this.#decode, this.forms, this.#records, arena);
    this.#reference = new ReferenceTier(this, this.mmu, this.#decode, helpers);
    this.#points = new BreakpointSet(this.mmu, this.code, (cause) => this.#stopFor(cause), DEBUG_STOP);
    this.#guestPoints = new GuestBreakpoints(w, this.mmu);
    this.#handOver = new HandOver(w, this.code, this.#records);
    Object.assign(environment.names, this.#handOver.names, { running: this.#running });
    this.#loops = new Loops({
      w,
      mmu: this.mmu,
      decode: this.#decode,
      forms: this.forms,
      code: this.code,
      env: environment,
      records: this.#records,
      hot,
      worth: options.loopAfter,
    });
    if (options.tier === 'jit')
      this.regions = new Regions(w, this.code, environment, options.jit ?? {}, options.model.features);
    this.#handOver.regions = this.regions;
    this.#keeper = new CodeKeeper(this.code, this.forms, this.regions, limits, () => this.attention());
  }

  get instructions(): number {
    return this.#completed + this.#sliceBudget - this.w[W.budget]!;
  }

  get flushes(): number {
    return this.mmu.flushes;
  }

  run(instructions: number): VcpuExit {
    if (this.#reported) this.#points.resume(this.#linearRip());
    this.#begin(instructions);
    const stepwise = this.#tier === 'eval' || this.traceStep !== undefined || this.#points.watching;
    const exit = stepwise ? this.#runStepwise() : this.#runRecords();
    this.#end();
    this.#reported = exit.reason === 'debug';
    return exit;
  }

  step(): VcpuExit {
    this.#points.resume(this.#linearRip());
    this.#begin(1);
    const exit = this.#stepOnce();
    this.#end();
    this.#reported = true;
    return exit;
  }

  kick(): void {
    this.#kicked = true;
    this.attention();
  }

  interruptChanged(): void {
    if (this.interrupts.pending) this.attention();
  }

  setNmi(): void {
    this.w[W.nmiPending] = 1;
    this.attention();
  }

  setA20(enabled: boolean): void {
    this.mmu.setA20(enabled);
  }

  attention(): void {
    this.w[W.budgetEnd] = NO_BUDGET;
  }

  /** Copies the state out, with the lazy flags settled. */
  readState(into: CpuState): void {
    setArithmeticFlags(this.w, arithmeticFlags(this.w));
    into.copyFrom(this.state);
  }

  writeState(from: CpuState): void {
    const { w } = this;
    this.state.copyFrom(from);
    updateMode(w);
    this.memory.pagingChanged();
    this.mmu.flush(true);
    this.code.segmentChanged();
  }

  /** Memory changed by ways that nobody reported: no translation can be trusted. */
  forgetCode(): void {
    this.code.clear();
  }

  forgetUserCode(): void {
    this.code.forgetUser();
  }

  setBreakpoints(points: readonly Breakpoint[]): void {
    this.#points.set(points);
  }

  translate(linear: bigint): number | undefined {
    takePaging(this.w, this.mmu.walker.config);
    return this.mmu.probe(Number(BigInt.asIntN(32, linear)), Number(BigInt.asIntN(32, linear >> 32n)));
  }

  // ---- the records tier ----

  #runRecords(): VcpuExit {
    const { w } = this;
    for (;;) {
      const exit = this.#events();
      if (exit !== undefined) return exit;
      if (w[W.interruptShadow] !== 0 || (w[W.rflags]! & FLAG.TF) !== 0 || this.#guestPoints.armed) {
        const stepped = this.#stepRecord();
        if (stepped !== undefined) return stepped;
        continue;
      }
      this.#running.rec = STOP;
      try {
        this.code.segmentChanged();
        const next = this.#handOver.enterAt(w[W.rip]!, w[W.rip + 1]!);
        if (next === STOP && w[W.budgetEnd] === 0) {
          // The block is longer than the budget that is left.
          const stepped = this.#stepRecord();
          if (stepped !== undefined) return stepped;
          continue;
        }
        this.#loops.run(next);
      } catch (thrown) {
        const fatal = this.#caught(thrown, this.#running.rec);
        if (fatal !== undefined) return fatal;
      }
    }
  }

  /** Runs one record: the instruction after STI or MOV SS, or a single step. */
  #stepRecord(): VcpuExit | undefined {
    const { w } = this;
    const trap = (w[W.rflags]! & FLAG.TF) !== 0;
    w[W.interruptShadow] = 0;
    const met = this.#guestPoints.atInstruction(this.#linearRip);
    if (met !== 0) return this.#debugException(met);
    const budget = w[W.budget]!;
    let current: number = STOP;
    const [cr2, cr2High] = [w[W.cr2]!, w[W.cr2 + 1]!];
    let charge = 1;
    let exit: VcpuExit | undefined;
    w[W.budget] = STEP_BUDGET;
    this.#sliceBudget += STEP_BUDGET - budget;
    try {
      this.code.segmentChanged();
      let next: number;
      let visits: number;
      do {
        visits = this.#handOver.staleVisits;
        current = this.code.lookup(w[W.rip]!, w[W.rip + 1]!);
        next = this.#records.runAlone(current);
        // An instruction whose second page is another one by now has not run.
      } while (this.#handOver.staleVisits !== visits);
      if (next !== STOP) this.#setRip(next);
      // A jump to itself has a link.
      this.#handOver.repeating = next === current && this.#records.words[current + R.link] === STOP;
      if (trap) this.#traced();
    } catch (thrown) {
      if (current !== STOP && this.code.ripIsExact && isGuestFault(thrown)) {
        // The instruction is done; the one behind it cannot be fetched, and will say so in its turn.
        this.code.ripIsExact = false;
        w[W.cr2] = cr2;
        w[W.cr2 + 1] = cr2High;
        if (trap) this.#traced();
      } else {
        if (thrown === DEBUG_STOP) charge = 0;
        exit = this.#caught(thrown, current);
      }
    }
    this.#sliceBudget -= STEP_BUDGET - budget;
    w[W.budget] = budget - charge;
    return exit;
  }

  /** A single-stepped instruction is done; INT n and its like have taken the trap away (SDM 3B 17.3.1.4). */
  #traced(): void {
    const { w } = this;
    if (w[W.halted] === 0 && w[W.debugTrap]! >= 0) w[W.debugTrap] = w[W.debugTrap]! | DR6_BS;
  }

  /** #DB with its causes in DR6. */
  #debugException(causes: number): VcpuExit | undefined {
    recordDebug(this.w, causes);
    return this.#deliver(VECTOR.DB, -1, 'fault');
  }

  /** Traps of the instruction behind us. MOV SS drops a single step and puts the others off (SDM 3A 6.8.3). */
  #debugTraps(): VcpuExit | undefined {
    const { w } = this;
    const causes = w[W.debugTrap]! & DR6_CAUSES;
    if ((w[W.interruptShadow]! & 2) !== 0) {
      w[W.debugTrap] = causes & ~DR6_BS;
      return undefined;
    }
    w[W.debugTrap] = 0;
    return causes === 0 ? undefined : this.#debugException(causes);
  }

  #setRip(record: number): void {
    this.w[W.rip] = this.#records.words[record + R.ip]!;
    this.w[W.rip + 1] = this.#records.ipHigh(record);
  }

  /** A guest fault becomes an exception of the guest; the debugger's stop an exit; anything else is fatal. */
  #caught(thrown: unknown, current: number): VcpuExit | undefined {
    const { w } = this;
    if (this.code.ripIsExact) {
      this.code.ripIsExact = false;
    } else if (current !== STOP) {
      this.#setRip(current);
      w[W.budget]! += this.#records.words[current + R.left]!;
    }
    if (thrown === DEBUG_STOP) return undefined;
    if (!isGuestFault(thrown)) {
      const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      return { reason: 'fatal', message: `internal error at ${this.state.get('rip').toString(16)}: ${message}` };
    }
    // A handler that faults at once would never use up the budget.
    w[W.budget]!--;
    return this.#deliver(thrown.vector, thrown.errorCode, 'fault');
  }

  #deliver(vector: number, errorCode: number, kind: 'fault' | 'external' | 'nmi'): VcpuExit | undefined {
    try {
      return deliver(this, vector, errorCode, kind) === 'shutdown' ? SHUTDOWN : undefined;
    } catch (thrown) {
      const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      return { reason: 'fatal', message: `internal error while delivering vector ${vector}: ${message}` };
    }
  }

  // ---- events ----

  /** What waits at an instruction boundary; an exit ends the run. */
  #events(): VcpuExit | undefined {
    const { w } = this;
    w[W.budgetEnd] = 0;
    const debug = this.#debug;
    if (debug !== undefined) {
      this.#debug = undefined;
      return { reason: 'debug', rip: this.state.get('rip'), cause: debug };
    }
    if (this.#kicked) {
      this.#kicked = false;
      return KICKED;
    }
    this.#guestPoints.refresh();
    if (w[W.debugTrap] !== 0) {
      const failed = this.#debugTraps();
      if (failed !== undefined) return failed;
    }
    if (w[W.nmiPending] !== 0 && w[W.nmiMasked] === 0 && w[W.interruptShadow] === 0) {
      w[W.nmiPending] = 0;
      w[W.nmiMasked] = 1;
      w[W.halted] = 0;
      this.#resumeRepeat();
      return this.#deliver(VECTOR.NMI, -1, 'nmi');
    }
    if ((w[W.rflags]! & FLAG.IF) !== 0 && w[W.interruptShadow] === 0 && this.interrupts.pending) {
      w[W.halted] = 0;
      this.#resumeRepeat();
      const failed = this.#deliver(this.interrupts.acknowledge(), -1, 'external');
      if (failed !== undefined) return failed;
    }
    if (w[W.halted] !== 0) return w[W.halted] === IN_SHUTDOWN ? SHUTDOWN : HALT;
    if (w[W.budget]! <= 0) return BUDGET;
    if (this.yieldAt?.(w) === true) return BUDGET;
    this.#keeper.trim();
    this.#handOver.repeating = false;
    return undefined;
  }

  /** What interrupts a string instruction between iterations pushes RF (SDM 3B 17.3.1.1). */
  #resumeRepeat(): void {
    if (this.#handOver.repeating) this.w[W.rflags] = this.w[W.rflags]! | FLAG.RF;
    this.#handOver.repeating = false;
  }

  #begin(instructions: number): void {
    const { w } = this;
    this.#sliceBudget = instructions;
    w[W.budget] = instructions;
  }

  #end(): void {
    this.#completed += this.#sliceBudget - this.w[W.budget]!;
    this.#sliceBudget = 0;
    this.w[W.budget] = 0;
  }

  // ---- one instruction at a time ----

  #runStepwise(): VcpuExit {
    for (;;) {
      const exit = this.#stepOnce();
      if (exit.reason !== 'budget' || this.w[W.budget]! <= 0) return exit;
    }
  }

  #stepOnce(): VcpuExit {
    const { w } = this;
    const exit = this.#events();
    if (exit !== undefined) return exit;
    this.traceStep?.();
    if (this.#tier !== 'eval') return this.#stepRecord() ?? BUDGET;
    const trap = (w[W.rflags]! & FLAG.TF) !== 0;
    w[W.interruptShadow] = 0;
    if (this.#points.stopsAt(this.#linearRip())) {
      this.#stopFor({ kind: 'breakpoint' });
      return BUDGET;
    }
    const met = this.#guestPoints.atInstruction(this.#linearRip);
    if (met !== 0) return this.#debugException(met) ?? BUDGET;
    try {
      this.#handOver.repeating = this.#reference.step();
      w[W.budget]!--;
      if (trap) this.#traced();
      return BUDGET;
    } catch (thrown) {
      return this.#caught(thrown, STOP) ?? BUDGET;
    }
  }

  readonly #linearRip = (): bigint => {
    const address = this.state.get('base', CS) + this.state.get('rip');
    return (this.w[W.mode]! & MODE.CODE) === MODE.CODE_64 ? address : BigInt.asUintN(32, address);
  };

  #stopFor(cause: DebugCause): void {
    this.#debug = cause;
    this.attention();
  }
}

/** DR6: single step; what a trap may set (SDM 3B 17.2.3). */
const DR6_BS = 0x4000;
const DR6_CAUSES = 0xe00f;
/** W.halted after a triple fault. */
const IN_SHUTDOWN = 2;
/** Thrown by a breakpoint record before its instruction runs. */
const DEBUG_STOP = new (class DebugStop {})();
/** Lets no block begin. */
const NO_BUDGET = 0x7fffffff;
