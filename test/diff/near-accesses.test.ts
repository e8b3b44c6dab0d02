import { describe, expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { W } from '../../src/cpu/state.ts';
import { optionsOf, TEST_TIERS, type TestTier } from '../support/tiers.ts';

const HLT = 0xf4;
const [EAX, ECX, EDX, EBX] = [W.gpr, W.gpr + 2, W.gpr + 4, W.gpr + 6] as const;
const [ESI, EDI, R8] = [W.gpr + 12, W.gpr + 14, W.gpr + 16] as const;
/** Page tables of the first 2 MiB. */
const TABLE = 0x13000;
/** A page, and the frame that it lies on. */
const [HERE, ELSEWHERE] = [0x101000, 0x180000] as const;
const PRESENT = 1;
const WRITABLE = 2;
const PASSES = 500;

/** MOV EAX,[RSI]; ADD EAX,[RSI+8]; MOV [RDI],EAX; ADD [RDI+8],EAX; ADD EBX,[RDI+8] */
const ACCESSES = [0x8b, 0x06, 0x03, 0x46, 8, 0x89, 0x07, 0x01, 0x47, 8, 0x03, 0x5f, 8];
/** ADD [RDI+8],EAX */
const SECOND_WRITE = 7;
/** DEC ECX; JNZ to the beginning */
const again = (length: number): number[] => [0xff, 0xc9, 0x75, -(length + 4) & 255, HLT];

function prepared(tier: TestTier, code: readonly number[], entry: number) {
  const { tier: micro, jit } = optionsOf(tier);
  const cpu = new MicroCpu(micro, 64, { jit: { hot: 20, ...jit } });
  const at = cpu.place(Uint8Array.from([...code, ...again(code.length)]));
  cpu.ram.i32[TABLE / 4 + 2 * (HERE >> 12)] = entry;
  const { vcpu } = cpu;
  vcpu.writeState(vcpu.state);
  vcpu.w[ECX] = PASSES;
  vcpu.w[EBX] = 0;
  return { cpu, vcpu, at, view: cpu.ram.view };
}

describe.each(TEST_TIERS)('an access next to another one, %s', (tier) => {
  it.each([
    ['in one page', HERE + 64, ELSEWHERE + 64, ELSEWHERE + 72],
    ['on two pages', HERE - 8, HERE - 8, ELSEWHERE],
    ['across their border', HERE - 10, HERE - 10, undefined],
  ])('reads and writes where its own page lies: %s', (_, address, first, second) => {
    const { cpu, vcpu, at, view } = prepared(tier, ACCESSES, ELSEWHERE | PRESENT | WRITABLE);
    const read = (frame: number | undefined): number =>
      frame === undefined
        ? view.getUint16(HERE - 2, true) | (view.getUint16(ELSEWHERE, true) << 16)
        : view.getInt32(frame, true);
    view.setInt32(first, 3, true);
    vcpu.w[ESI] = vcpu.w[EDI] = address;
    cpu.runFrom(at);
    // Each pass adds what both were before to both.
    let [a, b, sum] = [3, 0, 0];
    for (let pass = 0; pass < PASSES; pass++) {
      a = (a + b) | 0;
      b = (b + a) | 0;
      sum = (sum + b) | 0;
    }
    expect([read(first), read(second), vcpu.w[EBX]]).toEqual([a, b, sum]);
    if (second !== undefined && first < HERE) expect(view.getInt32(HERE, true)).toBe(0);
  });

  it('faults where its own page is not to be written', () => {
    const { vcpu, at } = prepared(tier, ACCESSES, ELSEWHERE | PRESENT);
    const faults: string[] = [];
    vcpu.traceInterrupt = (line) => faults.push(line);
    // They are moved up to the border.
    vcpu.w[ESI] = vcpu.w[EDI] = HERE - 8 - 4 * 100;
    const { w } = vcpu;
    w[W.cr0]! |= 0x10000;
    vcpu.writeState(vcpu.state);
    for (let pass = 0; pass < 100; pass++) {
      w[ECX] = 1;
      w[W.rip] = at;
      w[W.halted] = 0;
      expect(vcpu.run(100).reason).toBe('halt');
      w[ESI]! += 4;
      w[EDI]! += 4;
    }
    w[W.rip] = at;
    w[W.halted] = 0;
    expect(vcpu.run(100).reason).toBe('shutdown');
    expect(faults[0]).toContain('v=0e e=3 ');
    expect([w[W.rip], w[W.cr2]]).toEqual([at + SECOND_WRITE, HERE]);
  });

  it('changes code that was only read before', () => {
    // MOV EAX,[RSI]; INC EAX; MOV [RSI],EAX; MOV EDX,0
    const code = [0x8b, 0x06, 0xff, 0xc0, 0x89, 0x06, 0xba, 0, 0, 0, 0];
    const { cpu, vcpu, at } = prepared(tier, code, 0);
    vcpu.w[ESI] = at + code.length - 4;
    cpu.runFrom(at);
    expect([vcpu.w[EAX], vcpu.w[EDX]]).toEqual([PASSES, PASSES]);
  });

  it.each([
    // MOV EAX,[RSI]; MOV EDX,EDI; inner: ADD EBX,[RSI]; ADD RSI,4; DEC EDX; JNZ inner; MOV RSI,R8
    [
      'in each round of a loop',
      '8b06 89fa 031e 4883c604 ffca 75f6 4c89c6',
      (rounds: number) => (rounds * (rounds + 1)) / 2,
    ],
    // MOV EAX,[RSI]; TEST CL,1; JZ meet; ADD RSI,4; meet: ADD EBX,[RSI]; MOV RSI,R8
    ['where ways meet', '8b06 f6c101 7404 4883c604 031e 4c89c6', () => 1.5],
  ])('is found where its register leads %s', (_, code, sum) => {
    const { cpu, vcpu, at, view } = prepared(tier, [...Buffer.from(code.replaceAll(' ', ''), 'hex')], 0);
    for (let n = 0; n < 20; n++) view.setInt32(ELSEWHERE + 4 * n, n + 1, true);
    const { w } = vcpu;
    w[ESI] = w[R8] = ELSEWHERE;
    // What is around the loop becomes hot first, with the loop in it.
    for (const [passes, rounds] of [
      [16, 1],
      [10, 2],
      [PASSES, 20],
    ] as const) {
      w[EBX] = 0;
      w[EDI] = rounds;
      w[ECX] = passes;
      cpu.runFrom(at);
      expect(w[EBX]).toBe(passes * sum(rounds));
    }
  });
});
