import { describe, expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { AR, CS, W } from '../../src/cpu/state.ts';

const GDT = 0x30000;
const IDT = 0x31000;
const HANDLER = 0x32000;
const BASE = 0x200000;
const GP = 13;
const [ECX, ESP] = [W.gpr + 2, W.gpr + 8];

/** Runs code of `size` bits that begins at `ip` in a segment with a limit, to the HLT in it or the one of #GP's handler. */
function run(tier: Tier, size: 16 | 32, limit: number, ip: number, code: readonly number[], ecx = 0) {
  const { vcpu, ram } = new MicroCpu(tier, 32);
  const { state, w } = vcpu;
  ram.u8.set(code, BASE + ip);
  ram.u8[HANDLER] = 0xf4;
  ram.view.setBigUint64(GDT + 8, 0x00cf_9b00_0000_ffffn, true);
  ram.view.setUint32(IDT + 8 * GP, 0x80000 | (HANDLER & 0xffff), true);
  ram.view.setUint32(IDT + 8 * GP + 4, (HANDLER & 0xffff0000) | 0x8e00, true);
  state.set('gdtrBase', BigInt(GDT));
  state.set('gdtrLimit', 0xfn);
  state.set('idtrBase', BigInt(IDT));
  state.set('idtrLimit', 0x7ffn);
  state.set('base', BigInt(BASE), CS);
  state.set('limit', BigInt(limit), CS);
  if (size === 16) w[W.attributes + CS]! &= ~AR.DB;
  state.set('rip', BigInt(ip));
  w[ECX] = ecx;
  vcpu.writeState(state);
  expect(vcpu.run(1_000)).toEqual({ reason: 'halt' });
  const faulted = w[W.base + 2 * CS] === 0;
  const sp = w[ESP]!;
  return {
    ip: faulted ? ram.view.getUint32(sp + 4, true) : w[W.rip]!,
    error: faulted ? ram.view.getUint32(sp, true) : undefined,
    ecx: w[ECX]!,
  };
}

describe.each<Tier>(['eval', 'interp', 'jit'])('the end of the code segment, %s', (tier) => {
  it('does not wrap: what lies behind FFFFh raises #GP(0)', () => {
    expect(run(tier, 16, 0xffff, 0xffff, [0x90])).toEqual({ ip: 0x10000, error: 0, ecx: 0 });
    expect(run(tier, 16, 0xffff, 0xffff, [0xb0, 0x12])).toEqual({ ip: 0xffff, error: 0, ecx: 0 });
  });

  it('is where 16-bit code goes on when the segment is larger', () => {
    expect(run(tier, 16, 0x1ffff, 0xffff, [0x90, 0xf4])).toEqual({ ip: 0x10001, error: undefined, ecx: 0 });
    expect(run(tier, 16, 0x1ffff, 0xfffe, [0xb0, 0x12, 0xf4])).toEqual({ ip: 0x10001, error: undefined, ecx: 0 });
  });

  it('stops LOOP at the branch, and only one that is taken', () => {
    expect(run(tier, 32, 0x1002, 0x1000, [0xe2, 0x10, 0xf4], 2)).toEqual({ ip: 0x1000, error: 0, ecx: 2 });
    expect(run(tier, 32, 0x1002, 0x1000, [0xe2, 0x10, 0xf4], 1)).toEqual({ ip: 0x1003, error: undefined, ecx: 0 });
    expect(run(tier, 32, 0x1002, 0x1000, [0xe3, 0x10, 0xf4], 0)).toEqual({ ip: 0x1000, error: 0, ecx: 0 });
  });
});
