import { parseCpuModel } from '../../cpu/cpuid.ts';
import { resetState } from '../../cpu/reset.ts';
import { CpuState, CS, W } from '../../cpu/state.ts';
import { AddressMap } from '../../memory/address-map.ts';
import { GuestRam } from '../../memory/ram.ts';
import { VcpuCore } from './core.ts';
import { EXIT } from './ioctl.ts';
import { KvmError } from './kvm-error.ts';
import { mapMemory } from './native-struct.ts';
import { type KvmSystem, limitModel } from './system.ts';
import { KvmVm } from './vm.ts';

const MEMORY = 0x10000;
const CODE = 0x1000;
const ROUNDS = 100;
/** Real mode: OUT 80h,AL; JMP back. */
const LOOP = Uint8Array.of(0xe6, 0x80, 0xeb, 0xfc);

/** Microseconds of a port write that leaves the guest, is served and goes back: of batches, the middle and the best. */
export interface ExitCost {
  readonly median: number;
  readonly best: number;
}

/** A machine of 64 KiB whose CPU writes a port for ever. */
export class ExitLoop {
  readonly #core: VcpuCore;
  readonly #release: () => void;

  /** @throws KvmError */
  constructor(system: KvmSystem) {
    const memory = mapMemory(system.libc, MEMORY);
    const map = new AddressMap(new GuestRam(memory.buffer, MEMORY));
    map.add({ kind: 'ram', name: 'RAM', base: 0, length: MEMORY, offset: 0 });
    map.writeBytes(CODE, LOOP);
    const vm = new KvmVm(system, map, memory);
    const ports = { read: () => 0, write: () => {} };
    const interrupts = { pending: false, acknowledge: () => 0 };
    const model = limitModel(system, parseCpuModel('qemu64'));
    try {
      this.#core = new VcpuCore(vm, { memory: map, ports, interrupts }, model);
    } catch (error) {
      vm.close();
      throw error;
    }
    this.#release = () => system.libc.munmap(memory.address, MEMORY);
    const state = new CpuState();
    resetState(state, model);
    state.words[W.selector + CS] = 0;
    state.set('base', 0n, CS);
    state.set('rip', BigInt(CODE));
    this.#core.registers.put(state, true);
  }

  /** One port write: out of the guest, served, and back at the next call. @throws KvmError */
  round(): void {
    const core = this.#core;
    if (core.enter() < 0) return;
    if (core.exitReason !== EXIT.IO) throw new KvmError(`KVM left a port write with exit reason ${core.exitReason}`);
    core.serve(EXIT.IO);
  }

  close(): void {
    this.#core.close();
    this.#release();
  }
}

/** Measures the way out of the guest and back. @throws KvmError */
export function measureExit(system: KvmSystem, batches = 60): ExitCost {
  const loop = new ExitLoop(system);
  try {
    const times = Float64Array.from({ length: batches }, () => {
      const start = performance.now();
      for (let round = 0; round < ROUNDS; round++) loop.round();
      return ((performance.now() - start) * 1000) / ROUNDS;
    }).sort();
    return { median: times[times.length >> 1]!, best: times[0]! };
  } finally {
    loop.close();
  }
}
