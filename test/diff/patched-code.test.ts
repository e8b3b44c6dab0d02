import { expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { W } from '../../src/cpu/state.ts';

const PASSES = 5_000;
const NOP = 0x90;

/** A loop of EAX passes. What is patched: INC EBX becomes NOP, and the jump goes behind the next INC EBX. */
// biome-ignore format: an instruction at a time
const LOOP = [
  0x89, 0xc1,       //       mov ecx,eax
  0x31, 0xdb,       //       xor ebx,ebx
  0x47,             // top:  inc edi
  0x43,             //       inc ebx
  0x47,             //       inc edi
  0x85, 0xc0,       //       test eax,eax
  0x75, 0x00,       //       jnz next
  0x43,             // next: inc ebx
  0x49,             //       dec ecx
  0x75, 0xf5,       //       jnz top
  0xc3,             //       ret
];
const INC = 5;
const JUMP_LENGTH = 10;

function run(tier: Tier) {
  const cpu = new MicroCpu(tier, 32, { jit: { hot: 1_000 } });
  const entry = cpu.place(Uint8Array.from(LOOP));
  const { vcpu, ram } = cpu;
  const { w } = vcpu;
  cpu.call(entry, PASSES, 0);
  expect(w[W.gpr + 6]).toBe(2 * PASSES);
  for (const [at, byte] of [
    [INC, NOP],
    [JUMP_LENGTH, 1],
  ] as const) {
    ram.u8[entry + at] = byte;
    vcpu.pages.writtenRange(entry + at, 1);
  }
  const generation = w[W.generation]!;
  const before = vcpu.instructions;
  cpu.call(entry, PASSES, 0);
  expect(w[W.gpr + 6]).toBe(0);
  return { instructions: vcpu.instructions - before, generations: w[W.generation]! - generation };
}

it.each(['interp', 'jit'] as const)('a loop whose instructions were patched keeps its links, %s', (tier) => {
  const { instructions, generations } = run(tier);
  expect(instructions).toBe(run('eval').instructions);
  expect(generations).toBeLessThan(3);
});
