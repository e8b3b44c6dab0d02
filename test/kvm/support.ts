import { readdirSync, readlinkSync } from 'node:fs';
import { InterruptLatch } from '../../src/accel/interrupt-latch.ts';
import type { KvmBoard, KvmCpu } from '../../src/accel/kvm/core.ts';
import { type Libc, loadLibc } from '../../src/accel/kvm/ffi.ts';
import { KvmHost } from '../../src/accel/kvm/index.ts';
import { openWith } from '../../src/accel/kvm/system.ts';
import { UserModeVcpu } from '../../src/accel/kvm/user-vcpu.ts';
import { KvmVcpu } from '../../src/accel/kvm/vcpu.ts';
import { KvmVm } from '../../src/accel/kvm/vm.ts';
import { createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { type CpuModel, parseCpuModel } from '../../src/cpu/cpuid.ts';
import { resetState } from '../../src/cpu/reset.ts';
import { CpuState, CS, W } from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { GuestRam } from '../../src/memory/ram.ts';

/** Why KVM cannot be tested here; undefined when it can. */
export const NO_KVM: string | undefined = await loadLibc().then(
  (libc) => {
    try {
      openWith(libc).close();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  },
  (error: Error) => error.message,
);
/** For the title of a suite, so that a skipped one says why. */
export const WHY = NO_KVM === undefined ? '' : ` (skipped: ${NO_KVM})`;

const RAM = 4 << 20;
export const MMIO = 0x800000;
const ROM = 0x100000 + RAM;

/** One access of the guest, as the board saw it. */
export interface Access {
  readonly kind: 'in' | 'out' | 'read' | 'write';
  readonly at: number;
  readonly size: number;
  readonly value: number;
}

/** A CPU on a board of RAM, a page of MMIO, a ROM, ports and one interrupt line. */
export class Bench {
  readonly host: KvmHost;
  readonly map: AddressMap;
  readonly model: CpuModel;
  readonly tcg: TcgVcpu;
  readonly kvm: KvmCpu;
  readonly seen: Access[] = [];
  readonly latch: InterruptLatch;
  /** What IN and MMIO reads give. */
  input: (at: number, size: number) => number = () => 0;
  onAccess: (access: Access) => void = () => {};
  vector = -1;
  sliceNs = 1_000_000;

  constructor(libc: Libc, kind: 'whole' | 'user' = 'whole') {
    const system = openWith(libc);
    this.host = new KvmHost(system);
    const buffer = this.host.allocate(RAM + 0x10000);
    this.map = new AddressMap(new GuestRam(buffer, RAM));
    this.map.add({ kind: 'ram', name: 'RAM', base: 0, length: RAM, offset: 0 });
    this.map.add({ kind: 'rom', name: 'ROM', base: ROM, length: 0x10000, offset: RAM });
    const note = (kind: Access['kind'], at: number, size: number, value: number): void => {
      const access = { kind, at, size, value };
      this.seen.push(access);
      this.onAccess(access);
    };
    const reader = (kind: 'in' | 'read') => (at: number, size: number) => {
      const value = this.input(at, size);
      note(kind, at, size, value);
      return value;
    };
    this.map.add({
      kind: 'mmio',
      name: 'device',
      base: MMIO,
      length: 0x2000,
      handler: { read: reader('read'), write: (at, size, value) => note('write', at, size, value) },
    });
    const bench = this;
    this.latch = new InterruptLatch({
      get pending() {
        return bench.vector >= 0;
      },
      acknowledge() {
        const { vector } = bench;
        bench.vector = -1;
        return vector;
      },
    });
    const board: KvmBoard = {
      memory: this.map,
      ports: { read: reader('in'), write: (at, size, value) => note('out', at, size, value) },
      interrupts: this.latch,
    };
    this.model = this.host.limitModel(parseCpuModel('qemu64'));
    this.tcg = createTcg(board, { model: this.model, tier: 'interp', tsc: () => 0n });
    const options = { model: this.model, interpreter: this.tcg, sliceNs: () => this.sliceNs };
    const vm = new KvmVm(system, this.map, this.host.memoryOf(buffer));
    this.kvm = kind === 'whole' ? new KvmVcpu(vm, board, options) : new UserModeVcpu(vm, board, options);
  }

  /** Real mode at 0:1000h, stack below, with this code there. */
  realMode(code: readonly number[], change: (state: CpuState) => void = () => {}): void {
    const state = new CpuState();
    resetState(state, this.model);
    state.words[W.selector + CS] = 0;
    state.set('base', 0n, CS);
    state.set('rip', 0x1000n);
    state.set('gpr', 0x1000n, 4);
    change(state);
    this.map.writeBytes(0x1000, Uint8Array.from(code));
    this.kvm.writeState(state);
  }

  state(): CpuState {
    const state = new CpuState();
    this.kvm.readState(state);
    return state;
  }

  /** Runs until the CPU halts, or something else than time ends the run. */
  runToHalt(turns = 2000): string {
    for (let n = 0; n < turns; n++) {
      const exit = this.kvm.run(100_000);
      if (exit.reason !== 'budget' && exit.reason !== 'kicked')
        return exit.reason === 'fatal' ? exit.message : exit.reason;
    }
    return 'never';
  }

  close(): void {
    this.kvm.close();
    this.host.system.close();
  }
}

/** Open files of this process that belong to KVM. */
export const kvmFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes('kvm') ? [target] : [];
    } catch {
      return [];
    }
  });
