import { expect, test } from 'vitest';
import { DATA, MicroCpu } from '../../bench/micro/cpu.ts';
import { W } from '../../src/cpu/state.ts';

const GDT = 0x30000;
const IDT = 0x31000;
const RF = 0x10000;

/** REP STOSB of 1,000 bytes; an NMI leads to a HLT. Gives what the NMI pushed. */
function interrupt(tier: 'eval' | 'interp' | 'jit', instructions: number) {
  const cpu = new MicroCpu(tier, 32);
  const { vcpu, ram } = cpu;
  const { state, w } = vcpu;
  const code = cpu.place(Uint8Array.of(0xf3, 0xaa, 0x90, 0x90, 0xf4));
  ram.view.setBigUint64(GDT + 8, 0x00cf_9b00_0000_ffffn, true);
  ram.view.setUint32(IDT + 16, 0x80000 | ((code + 4) & 0xffff), true);
  ram.view.setUint32(IDT + 20, ((code + 4) & 0xffff0000) | 0x8e00, true);
  state.set('gdtrBase', BigInt(GDT));
  state.set('gdtrLimit', 0xfn);
  state.set('idtrBase', BigInt(IDT));
  state.set('idtrLimit', 0x7ffn);
  state.set('rip', BigInt(code));
  w[W.gpr + 2] = 1_000;
  w[W.gpr + 14] = DATA;
  if (instructions > 0) expect(vcpu.run(instructions)).toEqual({ reason: 'budget' });
  vcpu.setNmi();
  expect(vcpu.run(10_000)).toEqual({ reason: 'halt' });
  const sp = w[W.gpr + 8]!;
  return {
    done: 1_000 - w[W.gpr + 2]!,
    at: ram.view.getUint32(sp, true) - code,
    flags: ram.view.getUint32(sp + 8, true),
  };
}

test.each(['eval', 'interp', 'jit'] as const)('RF is pushed between iterations, not before or behind (%s)', (tier) => {
  expect(interrupt(tier, 0)).toEqual({ done: 0, at: 0, flags: 2 });
  expect(interrupt(tier, 10)).toEqual({ done: 10, at: 0, flags: 2 | RF });
  expect(interrupt(tier, 1_000)).toEqual({ done: 1_000, at: 2, flags: 2 });
});
