import { InterruptLatch } from '../../src/accel/interrupt-latch.ts';
import { type SyncRegs, VcpuCore } from '../../src/accel/kvm/core.ts';
import { KvmHost } from '../../src/accel/kvm/index.ts';
import { EXIT, offsetOf } from '../../src/accel/kvm/ioctl.ts';
import { ERRNO, errnoName } from '../../src/accel/kvm/kvm-error.ts';
import { KVM_XSAVE, putFpu, putRegs, putSregs } from '../../src/accel/kvm/state.ts';
import type { KvmSystem } from '../../src/accel/kvm/system.ts';
import { KvmVm } from '../../src/accel/kvm/vm.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { VECTOR } from '../../src/cpu/fault.ts';
import { CpuState, DS, ES, FLAG, FS, GS } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { GuestRam } from '../../src/memory/ram.ts';
import { readFrame } from './frame.ts';
import { IMAGE_BYTES, Image, NO_RESULT } from './image.ts';
import { BASE, CURRENT, codeAt, INPUT, LANDINGS, OUTPUT, RAM_BYTES, SLOTS, WORLDS, type World } from './layout.ts';
import { buildMemory, userState } from './memory.ts';
import type { Silicon, SlotCase } from './silicon.ts';
import { buildStubs, leave, loaderAt } from './stubs.ts';

/** Longest time that a batch may need; only an endless loop does. */
const MOST_NS = 500_000_000;
const REGS_AND_SREGS = 3;
/** In the order of instruction encodings. */
const GPR_AT = (
  [
    'rax',
    'rcx',
    'rdx',
    'rbx',
    'rsp',
    'rbp',
    'rsi',
    'rdi',
    'r8',
    'r9',
    'r10',
    'r11',
    'r12',
    'r13',
    'r14',
    'r15',
  ] as const
).map((name) => offsetOf('kvm_regs', name));
const RIP = offsetOf('kvm_regs', 'rip');
const CR2 = offsetOf('kvm_sregs', 'cr2');
const HLT = 0xf4;
const SEGMENTS = (['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const).map((name) => offsetOf('kvm_sregs', name));
const SELECTOR = offsetOf('kvm_segment', 'selector');

/** A virtual CPU of the host that runs batches of single instructions in ring 3. */
export class KvmMachine implements Silicon {
  readonly name = 'kvm';
  readonly #core: VcpuCore;
  readonly #sync: SyncRegs;
  readonly #ram: GuestRam;
  readonly #world: World;
  readonly #state: CpuState;
  readonly #scratch = new CpuState();
  /** KVM_RUN calls. */
  runs = 0;

  constructor(system: KvmSystem, world: World) {
    this.#world = world;
    if (world.code === 16) throw new Error('16-bit segments want a table that this guest does not have');
    const host = new KvmHost(system);
    const buffer = host.allocate(RAM_BYTES);
    this.#ram = new GuestRam(buffer, RAM_BYTES);
    const memory = new AddressMap(this.#ram);
    memory.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM_BYTES, offset: 0 });
    buildMemory(world, this.#ram.u8, this.#ram.view);
    buildStubs(world, this.#ram.u8, this.#ram.view);
    const interrupts = new InterruptLatch({ pending: false, acknowledge: () => 0 });
    const board = { memory, ports: { read: () => -1, write() {} }, interrupts };
    const vm = new KvmVm(system, memory, host.memoryOf(buffer));
    const model = host.limitModel(parseCpuModel('max'));
    this.#core = new VcpuCore(vm, board, model);
    this.#state = userState(WORLDS[0]!, loaderAt(0), model.features.has('xsave') && model.features.has('fsgsbase'));
    this.#core.registers.put(this.#state, true);
    this.#sync = this.#core.synchronise();
  }

  run(cases: readonly SlotCase[]): Image[] {
    const results: Image[] = [];
    for (let from = 0; from < cases.length; ) {
      let to = from + 1;
      while (to < cases.length && cases[to]!.slot === cases[to - 1]!.slot + 1) to++;
      results.push(...this.#runBatch(cases.slice(from, to)));
      from = to;
    }
    return results;
  }

  #runBatch(cases: readonly SlotCase[]): Image[] {
    const { view } = this.#ram;
    for (const one of cases) this.#place(one);
    const first = cases[0]!.slot;
    const end = first + cases.length;
    // The slot behind the last one ends the run.
    if (end < SLOTS) this.#ram.u8[codeAt(end)] = HLT;
    const results: Image[] = [];
    for (let slot = first; slot < end; ) {
      const stopped = this.#enter(slot);
      const reached = Math.min(view.getUint32(CURRENT, true), end);
      for (; slot < reached; slot++) results.push(this.#stored(cases[slot - first]!));
      if (slot === end) break;
      results.push(
        stopped === undefined ? this.#halted(cases[slot - first]!) : this.#failed(cases[slot - first]!, stopped),
      );
      slot++;
    }
    return results;
  }

  close(): void {
    this.#core.close();
  }

  #place({ slot, code, before, halts }: SlotCase): void {
    const { u8 } = this.#ram;
    const at = codeAt(slot);
    u8.fill(HLT, at, at + LANDINGS.from);
    u8.set(code, at);
    if (!halts) u8.set(leave(this.#world, BASE + at + code.length, slot), at + code.length);
    u8.set(before.bytes, INPUT + IMAGE_BYTES * slot);
  }

  /** Runs from a slot on; undefined when a handler of the guest halted, else what went wrong. */
  #enter(slot: number): string | undefined {
    const core = this.#core;
    const { regs, sregs } = this.#sync;
    this.#state.set('rip', BigInt(loaderAt(slot)));
    putRegs(this.#state, regs);
    putSregs(this.#state, sregs);
    core.takeSynchronised(REGS_AND_SREGS);
    core.timer.arm(MOST_NS);
    this.runs++;
    const result = core.enter();
    if (result < 0) {
      core.timer.take();
      if (result === -ERRNO.EINTR) return 'endless';
      throw new Error(`KVM_RUN failed with ${errnoName(-result)}`);
    }
    if (core.exitReason === EXIT.HLT) return undefined;
    if (core.exitReason === EXIT.IO) core.abandon();
    return `exit ${core.exitReason}`;
  }

  /** What the slot's own program stored: no exception until the end of the instruction. */
  #stored({ slot, code, before }: SlotCase): Image {
    const at = OUTPUT + IMAGE_BYTES * slot;
    const after = new Image(this.#ram.u8.slice(at, at + IMAGE_BYTES));
    after.rip = BigInt(BASE + codeAt(slot) + code.length);
    after.setException(VECTOR.GP, 0, 0n);
    // As the exception behind the instruction would have left it.
    after.rflags |= FLAG.RF;
    after.copySegments(before);
    after.settle();
    return after;
  }

  /** The state at an exception. */
  #halted({ before }: SlotCase): Image {
    const { regs, sregs } = this.#sync;
    const after = before.copy();
    for (let reg = 0; reg < 16; reg++) after.setGpr(reg, regs.getBigUint64(GPR_AT[reg]!, true));
    readFrame(after, this.#ram, regs.getBigUint64(RIP, true), sregs.getBigUint64(CR2, true));
    for (const seg of [ES, DS, FS, GS]) after.setSelector(seg, sregs.getUint16(SEGMENTS[seg]! + SELECTOR, true));
    after.setBases(sregs.getBigUint64(SEGMENTS[FS]!, true), sregs.getBigUint64(SEGMENTS[GS]!, true));
    this.#core.registers.takeFpu(this.#scratch);
    putFpu(this.#scratch, after.view, KVM_XSAVE);
    after.settle();
    return after;
  }

  /** KVM gave up: no exception has this number. */
  #failed({ before }: SlotCase, why: string): Image {
    const after = before.copy();
    after.setException(NO_RESULT, 0, 0n);
    after.note = why;
    return after;
  }
}
