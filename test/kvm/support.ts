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
import { AR, CpuState, CR0, CR4, CS, DS, EFER, ES, FS, GS, SS, W } from '../../src/cpu/state.ts';
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
/** Where the code of tests lies, and page tables. */
const CODE = 0x1000;
const TABLES = 0x10000;

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
    state.set('rip', BigInt(CODE));
    state.set('gpr', 0x1000n, 4);
    change(state);
    this.map.writeBytes(CODE, Uint8Array.from(code));
    this.kvm.writeState(state);
  }

  /**
   * 64-bit code at 1000h, the first 2 MiB mapped for every ring, flat segments of a ring: 08h and 10h, or 23h and 1Bh.
   * @returns the state for it, which no CPU has yet
   */
  longMode(code: Iterable<number>, ring: 0 | 3): CpuState {
    const entries = [TABLES + 0x1000, TABLES + 0x2000, 0].map((at, level) => at | (level === 2 ? 0x87 : 7));
    entries.forEach((entry, level) => void this.map.write(TABLES + level * 0x1000, 4, entry));
    this.map.writeBytes(CODE, Uint8Array.from(code));
    const state = new CpuState();
    state.set('rflags', 2n);
    state.set('cr0', BigInt((CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE) >>> 0));
    state.set('cr3', BigInt(TABLES));
    state.set('cr4', BigInt(CR4.PAE | CR4.OSFXSR));
    state.set('efer', BigInt(EFER.SCE | EFER.LME | EFER.LMA));
    state.set('fcw', 0x37fn);
    state.set('mxcsr', 0x1f80n);
    state.set('gpr', 0x8000n, 4);
    state.set('rip', BigInt(CODE));
    state.set('cpl', BigInt(ring));
    for (const segment of [CS, ES, SS, DS, FS, GS]) {
      const selector = ring === 0 ? (segment === CS ? 0x08 : 0x10) : segment === CS ? 0x23 : 0x1b;
      const attributes = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.G | (ring << AR.DPL_SHIFT);
      state.set('selector', BigInt(selector), segment);
      state.set('attributes', BigInt(attributes | (segment === CS ? AR.CODE | AR.L : AR.DB)), segment);
      state.set('limit', 0xffffffffn, segment);
    }
    return state;
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

/** The C library, of which each call asks `verdict` first: 0 lets it pass, an errno makes it fail with that. */
export function faulty(libc: Libc, verdict: (name: string) => number): Libc {
  let failed = 0;
  const guard = (name: string, call: () => number): number => {
    failed = verdict(name);
    return failed === 0 ? call() : -failed;
  };
  return {
    open: (path, flags) => guard('open', () => libc.open(path, flags)),
    close: (fd) => libc.close(fd),
    ioctl: (fd, request, argument) => guard('ioctl', () => libc.ioctl(fd, request, argument)),
    prepareIoctl: (fd, request, argument) => {
      const run = libc.prepareIoctl(fd, request, argument);
      return { call: () => guard('run', run.call), close: run.close };
    },
    mmap: (length, protection, flags, fd) => {
      failed = verdict('mmap');
      return failed === 0 ? libc.mmap(length, protection, flags, fd) : undefined;
    },
    munmap: (address, length) => libc.munmap(address, length),
    madvise: (bytes, advice) => libc.madvise(bytes, advice),
    call: (name, types, values) => guard(name, () => libc.call(name, types, values)),
    get errno() {
      return failed || libc.errno;
    },
  };
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
