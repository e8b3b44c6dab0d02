import { expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import type { JitOptions } from '../../src/accel/tcg/jit/options.ts';
import { W } from '../../src/cpu/state.ts';

const LONG = 150;
const PASSES = 1_000;

/** A long function, then two loops that call it. */
function build(passes: JitOptions['passes']): MicroCpu {
  const cpu = new MicroCpu('jit', 32, { jit: { hot: 100, ...(passes === undefined ? {} : { passes }) } });
  // INC EBX, many times; RET
  const callee = cpu.place(Uint8Array.from([...new Array<number>(LONG).fill(0x43), 0xc3]));
  for (let loop = 0; loop < 2; loop++) {
    const code = [0x89, 0xc1, 0xe8, 0, 0, 0, 0, 0x49, 0x75, 0xf8, 0xc3]; // mov ecx,eax; call; dec ecx; jnz the call; ret
    const entry = cpu.place(Uint8Array.from(code));
    cpu.ram.view.setInt32(entry + 3, callee - (entry + 7), true);
    cpu.vcpu.w[W.gpr + 6] = 0;
    cpu.call(entry, PASSES, 0);
    expect(cpu.vcpu.w[W.gpr + 6]).toBe(LONG * PASSES);
  }
  return cpu;
}

it('a large region is not repeated in others', () => {
  const { stats } = build(undefined).vcpu.regions!;
  expect(stats.made).toBeGreaterThan(1);
  expect(stats.instructions).toBeLessThan(3 * LONG);
  expect(stats.ran).toBeGreaterThan(LONG * PASSES);
  expect(build({ 'region-links': false }).vcpu.regions!.stats.instructions).toBeGreaterThan(3 * LONG);
});
