import { expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { W } from '../../src/cpu/state.ts';

const PAGE = 4096;
const HLT = 0xf4;

it('a breakpoint on an instruction that lies on two pages stops, and lets it run afterwards', () => {
  const cpu = new MicroCpu('interp', 32);
  // NOPs; MOV EAX,0x12345678, of which two bytes lie on the first page; HLT
  const code = new Uint8Array(PAGE + 4).fill(0x90);
  code.set([0xb8, 0x78, 0x56, 0x34, 0x12, HLT], PAGE - 2);
  const at = cpu.place(code) + PAGE - 2;
  const { vcpu } = cpu;
  vcpu.w[W.gpr] = 0;
  vcpu.w[W.rip] = at - 1;
  vcpu.setBreakpoints([{ kind: 'execute', address: BigInt(at), length: 1 }]);
  expect(vcpu.run(100)).toEqual({ reason: 'debug', rip: BigInt(at), cause: { kind: 'breakpoint' } });
  expect(vcpu.w[W.gpr]).toBe(0);
  expect(vcpu.run(100).reason).toBe('halt');
  expect(vcpu.w[W.gpr]).toBe(0x12345678);
});
