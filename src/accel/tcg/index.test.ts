import { expect, test } from 'vitest';
import { parseCpuModel } from '../../cpu/cpuid.ts';
import { AddressMap } from '../../memory/address-map.ts';
import { GuestRam } from '../../memory/ram.ts';
import { allocateRam, createTcg } from './index.ts';
import type { TcgVcpu } from './vcpu.ts';

const RAM = 2 ** 20;

function cpuOn(ram: GuestRam): TcgVcpu {
  const board = {
    memory: new AddressMap(ram),
    ports: { read: () => 0xff, write() {} },
    interrupts: { pending: false, acknowledge: () => 0 },
  };
  return createTcg(board, { model: parseCpuModel('max'), tier: 'jit', tsc: () => 0n });
}

function reached({ state, mmu, code, regions, environment }: TcgVcpu): ArrayBufferView[] {
  const { words, live, ipHighs, modes } = code.store;
  return [
    ...[state.words, state.bytes, state.i8, state.u16, state.i16, state.f32, state.f64, state.u64],
    ...mmu.tlb.tables.flatMap(({ xor, high }) => [xor, high]),
    ...[words, live, ipHighs, modes, code.recent, code.epochWord, regions!.stats.counts],
    environment.names.entered as Int32Array,
  ];
}

test('all that emitted code reaches lies in one memory, behind RAM, and there is room for regions', () => {
  const ram = allocateRam(RAM, RAM);
  const cpu = cpuOn(ram);
  const { memory } = ram;
  expect(memory).toBeDefined();
  for (const view of reached(cpu)) {
    expect(view.buffer === memory!.buffer).toBe(true);
    expect(view.byteOffset).toBeGreaterThanOrEqual(2 * RAM);
  }
  expect(cpu.environment.arena.takeWords(2 ** 19).buffer === memory!.buffer).toBe(true);
});

test.each([
  [
    'a second CPU on the same RAM',
    () => {
      const ram = allocateRam(RAM);
      cpuOn(ram);
      return ram;
    },
  ],
  ['a CPU on RAM from elsewhere', () => new GuestRam(new ArrayBuffer(RAM), RAM)],
])('%s has memory of its own', (_, make) => {
  const ram = make();
  for (const { buffer } of reached(cpuOn(ram))) expect(buffer === ram.buffer).toBe(false);
});
