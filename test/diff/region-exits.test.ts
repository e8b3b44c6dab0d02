import { expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { W } from '../../src/cpu/state.ts';

const EAX = W.gpr;
const EBX = W.gpr + 6;
const PAGE = 4096;
/** Where MicroCpu keeps the entries of 32-bit page tables. */
const ENTRIES = 0x11000;
const PASSES = 2_000;

it('code that regions reach by indirect jumps alone is promoted', () => {
  const cpu = new MicroCpu('jit', 32, { jit: { hot: 100, passes: { 'indirect-guesses': false } } });
  // ADD EBX,3; INC EBX; JMP EDX
  const loop = cpu.place(Uint8Array.from([0x83, 0xc3, 3, 0x43, 0xff, 0xe2]));
  const run = (): void => {
    // 8 times INC EBX; DEC EBP; JNZ to the loop; HLT
    const target = cpu.place(Uint8Array.from([...new Array<number>(8).fill(0x43), 0x4d, 0x0f, 0x85, 0, 0, 0, 0, 0xf4]));
    cpu.ram.view.setInt32(target + 11, loop - (target + 15), true);
    cpu.vcpu.w[W.gpr + 4] = target;
    cpu.runLoop(loop, PASSES);
    expect(cpu.vcpu.w[EBX]).toBe(7 + 12 * PASSES);
  };
  run();
  const { stats } = cpu.vcpu.regions!;
  const before = { ran: stats.ran, indirect: stats.indirect };
  run();
  expect(stats.indirect - before.indirect).toBeGreaterThan(PASSES - 300);
  expect(stats.ran - before.ran).toBeGreaterThan(13 * (PASSES - 300));
});

it('a region on two pages does not run when one of them is another page', () => {
  const cpu = new MicroCpu('jit', 32, { jit: { hot: 100 } });
  // On the first page INC EAX; JMP to the second; there INC EBX; DEC EBP; JNZ to the first; HLT
  const first = cpu.place(new Uint8Array(2 * PAGE - 1));
  const second = first + PAGE;
  const put = (at: number, code: number[], jump: number, to: number, behind: number[] = []): void => {
    cpu.ram.u8.set([...code, 0, 0, 0, 0, ...behind], at);
    cpu.ram.view.setInt32(at + jump, to - (at + jump + 4), true);
  };
  put(first, [0x40, 0xe9], 2, second);
  put(second, [0x43, 0x4d, 0x0f, 0x85], 4, first, [0xf4]);
  const other = cpu.place(Uint8Array.from(cpu.ram.u8.subarray(second, second + PAGE)));
  cpu.ram.u8[other] = 0x4b; // DEC EBX
  const run = (): [number, number] => {
    cpu.vcpu.w[EAX] = 0;
    cpu.runLoop(first, PASSES);
    return [cpu.vcpu.w[EAX]!, cpu.vcpu.w[EBX]!];
  };
  expect(run()).toEqual([PASSES, 7 + PASSES]);
  expect(cpu.vcpu.regions!.live).toBe(1);
  const map = (page: number): void => {
    cpu.ram.view.setUint32(ENTRIES + (4 * second) / PAGE, page | 3, true);
    cpu.vcpu.mmu.flush(true);
  };
  map(other);
  expect(run()).toEqual([PASSES, 7 - PASSES]);
  map(second);
  const { ran } = cpu.vcpu.regions!.stats;
  expect(run()).toEqual([PASSES, 7 + PASSES]);
  expect(cpu.vcpu.regions!.stats.ran - ran).toBeGreaterThan(5 * PASSES - 50);
});
