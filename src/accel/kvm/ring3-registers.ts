import { updateMode } from '../../cpu/mode.ts';
import { FIELDS } from '../../cpu/state.ts';
import type { Interpreter, SyncRegs, VcpuCore } from './core.ts';
import { offsetOf, STRUCT } from './ioctl.ts';
import { putRegs, putSregs, takeRegs, takeUserSegments } from './state.ts';

const EXCEPTION = offsetOf('kvm_vcpu_events', 'exception.nr');
const INJECTED = offsetOf('kvm_vcpu_events', 'exception.injected');
const PENDING = offsetOf('kvm_vcpu_events', 'exception.pending');
const IDT = offsetOf('kvm_sregs', 'idt');
const CS_L = offsetOf('kvm_sregs', 'cs') + offsetOf('kvm_segment', 'l');
const RIP = offsetOf('kvm_regs', 'rip');
const TSC_AUX = 0xc0000103;
const ALL = 7;
/** A reserved vector: it stays when what ended ring 3 was no exception. */
const NO_EXCEPTION = 31;
/** kvm_vcpu_events of a CPU for which nothing waits. */
const NO_EVENTS = new Uint8Array(STRUCT.kvm_vcpu_events.size);
NO_EVENTS[EXCEPTION] = NO_EXCEPTION;
const FPU = { first: FIELDS.fcw.word, end: FIELDS.xmm.word + 4 * FIELDS.xmm.count };

/** Moves the registers of ring 3 between the interpreter's state and KVM, which gets an empty IDT with them. */
export class Ring3Registers {
  readonly #core: VcpuCore;
  readonly #interpreter: Interpreter;
  readonly #sync: SyncRegs;
  /** The bytes of the copy of kvm_vcpu_events. */
  readonly #events: Uint8Array;
  /** The x87 and SSE registers that KVM has. */
  readonly #fpu = new Int32Array(FPU.end - FPU.first);
  #tscOffset = 0n;
  #tscAux = 0n;
  #away = false;

  constructor(core: VcpuCore, interpreter: Interpreter) {
    this.#core = core;
    this.#interpreter = interpreter;
    this.#sync = core.synchronise();
    const { buffer, byteOffset, byteLength } = this.#sync.events;
    this.#events = new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** KVM has the registers that programs can change; the interpreter has the rest. */
  get away(): boolean {
    return this.#away;
  }

  /** Vector of the exception that ended ring 3. */
  get exception(): number {
    return this.#events[EXCEPTION]!;
  }

  /** The exception still waits in the kernel. */
  get exceptionWaits(): boolean {
    return (this.#events[INJECTED]! | this.#events[PENDING]!) !== 0;
  }

  /** Where the program is in KVM. */
  get rip(): bigint {
    return this.#sync.regs.getBigUint64(RIP, true);
  }

  /** The program in KVM is 64-bit code. */
  get is64Bit(): boolean {
    return this.#sync.sregs.getUint8(CS_L) !== 0;
  }

  give(): void {
    const core = this.#core;
    const { state } = this.#interpreter;
    putRegs(state, this.#sync.regs);
    putSregs(state, this.#sync.sregs);
    this.#sync.sregs.setBigUint64(IDT, 0n, true);
    this.#sync.sregs.setBigUint64(IDT + 8, 0n, true);
    // What the last exit said about exceptions would be raised again.
    this.#events.set(NO_EVENTS);
    core.takeSynchronised(ALL);
    if (this.#fpu.some((value, n) => value !== state.words[FPU.first + n])) core.registers.putFpu(state);
    const tscOffset = BigInt.asIntN(64, state.get('tscOffset'));
    if (tscOffset !== this.#tscOffset) core.tsc.offset = this.#tscOffset = tscOffset;
    const tscAux = state.get('tscAux');
    if (tscAux !== this.#tscAux) core.msrs.set([[TSC_AUX, (this.#tscAux = tscAux)]]);
    this.#away = true;
  }

  take(): void {
    const { state } = this.#interpreter;
    takeRegs(state, this.#sync.regs);
    takeUserSegments(state, this.#sync.sregs);
    updateMode(state.words);
    this.#core.registers.takeFpu(state);
    this.#fpu.set(state.words.subarray(FPU.first, FPU.end));
    this.#interpreter.forgetUserCode();
    this.#away = false;
  }

  /** The interpreter is about to get another state. */
  giveUp(): void {
    // Nobody has looked at what the program left in KVM's x87 and SSE registers. FCW has no such value.
    if (this.#away) this.#fpu[0] = -1;
    this.#away = false;
  }
}
