import { expect, it } from 'vitest';
import { DATA, MicroCpu } from '../../bench/micro/cpu.ts';
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

it('an indirect jump of many targets stays in its region, and leaves for a new one', () => {
  const HANDLERS = 40;
  const cpu = new MicroCpu('jit', 64, { jit: { hot: 100 } });
  // MOV EAX,EBP; AND EAX,[RSI+512]; JMP [RSI+8*RAX]
  const dispatch = [0x89, 0xe8, 0x23, 0x86, 0, 2, 0, 0, 0xff, 0x24, 0xc6];
  const code = [...dispatch];
  const handlers: number[] = [];
  for (let handler = 0; handler < HANDLERS; handler++) {
    handlers.push(code.length);
    // ADD EBX,handler; DEC EBP; JNZ to the dispatch; HLT
    code.push(0x83, 0xc3, handler, 0xff, 0xcd, 0x0f, 0x85, 0, 0, 0, 0, 0xf4);
    const back = -(code.length - 1);
    code.splice(code.length - 5, 4, back & 0xff, (back >> 8) & 0xff, 0xff, 0xff);
  }
  const entry = cpu.place(Uint8Array.from(code));
  handlers.forEach((handler, index) => {
    cpu.ram.view.setUint32(DATA + 8 * index, entry + handler, true);
  });
  const run = (mask: number): number => {
    cpu.ram.view.setUint32(DATA + 512, mask, true);
    cpu.runLoop(entry, PASSES);
    return cpu.vcpu.w[EBX]!;
  };
  const sum = (mask: number): number =>
    Array.from({ length: PASSES }, (_, n) => (n + 1) & mask).reduce((a, b) => a + b, 7);
  for (let round = 0; round < 3; round++) expect(run(15)).toBe(sum(15));
  const { stats } = cpu.vcpu.regions!;
  const before = stats.indirect;
  expect(run(15)).toBe(sum(15));
  expect(stats.indirect - before).toBeLessThan(PASSES / 10);
  expect(run(31)).toBe(sum(31));
});
