import { describe, expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { KeptRegions } from '../../src/accel/tcg/kept/kept-regions.ts';
import { CR4, W } from '../../src/cpu/state.ts';
import { optionsOf, TEST_TIERS, type TestTier } from '../support/tiers.ts';

const PAGE = 4096;
const HLT = 0xf4;
const [EAX, ECX, EDX, EBX] = [W.gpr, W.gpr + 2, W.gpr + 4, W.gpr + 6] as const;
const [ESI, EDI] = [W.gpr + 12, W.gpr + 14] as const;
/** Page tables of the first 2 MiB. */
const TABLE = 0x13000;
/** Frames of the second page. */
const [HERE, ELSEWHERE] = [0x101000, 0x180000] as const;
const NXE = 0x800;
const GLOBAL = 0x100;
const PRESENT_WRITABLE = 3;
const NO_EXECUTE = 0x80000000;
const INVLPG_ESI = [0x0f, 0x01, 0x3e];
const MOV_CR3_EAX = [0x0f, 0x22, 0xd8];
const PASSES = 500;
/** ADD EBX,1; INC EDI; DEC ECX */
const LOOP = [0x83, 0xc3, 1, 0xff, 0xc7, 0xff, 0xc9];
/** Another such loop, which adds 3; JMP to the end of the first */
const OTHER = [0x83, 0xc3, 3, 0xff, 0xc7, 0xff, 0xc9, 0xeb, LOOP.length];
/** INVLPG or MOV CR3 */
const FORGET = 3;
/** JNZ's bytes on the first page. */
const JNZ = [0x0f, 0x85];
const JUMP = PAGE - JNZ.length;
/** Its distances, all of them on the second page, to the two loops. */
const [FIRST, SECOND] = [JUMP - LOOP.length, JUMP - LOOP.length - OTHER.length].map((at) => at - (PAGE + 4)) as [
  number,
  number,
];
const le32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 255);

/** A loop whose jump lies on two pages, and nothing else on the second one; what it begins with forgets translations. */
class Loop {
  readonly cpu: MicroCpu;
  readonly entry: number;
  readonly jump: number;

  constructor(tier: TestTier, width: 32 | 64, forget: readonly number[] = [], kept?: KeptRegions) {
    const { tier: micro, jit } = optionsOf(tier);
    this.cpu = new MicroCpu(micro, width, { jit: { hot: 20, ...jit, ...(kept && { kept }) } });
    const code = new Uint8Array(PAGE + 16).fill(0x90);
    const jumpAround = [0xeb, OTHER.length];
    const body = [...jumpAround, ...OTHER, ...LOOP, ...JNZ];
    code.set(
      [...forget, ...new Array<number>(FORGET - forget.length).fill(0x90), ...body],
      PAGE - body.length - FORGET,
    );
    code.set([...le32(FIRST), HLT], PAGE);
    const at = this.cpu.place(code);
    this.jump = at + JUMP;
    this.entry = at + PAGE - body.length - FORGET;
    this.cpu.ram.u8.set([...le32(SECOND), HLT], ELSEWHERE);
    const { vcpu } = this.cpu;
    vcpu.w[W.efer] = vcpu.w[W.efer]! | NXE;
    vcpu.writeState(vcpu.state);
  }

  /** What is added in each pass behind the first. */
  run(passes = PASSES): number {
    const { w } = this.cpu.vcpu;
    w[EAX] = 0x10000;
    w[ECX] = passes;
    w[EBX] = w[EDI] = 0;
    w[ESI] = HERE;
    this.cpu.runFrom(this.entry);
    expect(w[EDI]).toBe(passes);
    return (w[EBX]! - 1) / (passes - 1);
  }

  /** Bits of the first page's translation. */
  makeFirst(bits: number): void {
    const { vcpu, ram } = this.cpu;
    ram.i32[TABLE / 4 + 2 * (this.entry >> 12)]! |= bits;
    vcpu.w[W.cr4]! |= CR4.PGE;
    vcpu.writeState(vcpu.state);
  }

  map(entry: number, high = 0): void {
    const { i32 } = this.cpu.ram;
    i32[TABLE / 4 + 2 * (HERE >> 12)] = entry;
    i32[TABLE / 4 + 2 * (HERE >> 12) + 1] = high;
  }
}

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

it.each([
  ['jit', 64],
  ['jit', 32],
  ['js', 64],
] as const)('an instruction on two pages is part of a region: %s, %i bits', (tier, width) => {
  const loop = new Loop(tier, width);
  expect(loop.run(2_000)).toBe(1);
  const { stats } = loop.cpu.vcpu.regions!;
  expect(stats.made).toBe(1);
  expect(stats.ran).toBeGreaterThan(4 * 1_900);
});

describe.each(TEST_TIERS)('an instruction on two pages, %s', (tier) => {
  it.each([32, 64] as const)('is what is written to the second page, %i bits', (width) => {
    const loop = new Loop(tier, width);
    expect(loop.run()).toBe(1);
    const { cpu } = loop;
    // MOV [ESI],EAX; HLT
    const store = cpu.place(Uint8Array.from([0x89, 0x06, HLT]));
    for (const [distance, number] of [
      [SECOND, 3],
      [FIRST, 1],
    ] as const) {
      cpu.vcpu.w[EAX] = distance;
      cpu.vcpu.w[ESI] = HERE;
      cpu.runFrom(store);
      expect(loop.run()).toBe(number);
    }
  });

  it.each([
    ['INVLPG', INVLPG_ESI],
    ['MOV CR3', MOV_CR3_EAX],
    ['MOV CR3 while the first is global', MOV_CR3_EAX, GLOBAL],
  ])('is on the frame that the second page has after %s', (_, forget, first = 0) => {
    const loop = new Loop(tier, 64, forget);
    loop.makeFirst(first);
    for (const [frame, number] of [
      [HERE, 1],
      [ELSEWHERE, 3],
      [HERE, 1],
      [HERE, 1],
      [ELSEWHERE, 3],
    ] as const) {
      loop.map(frame | PRESENT_WRITABLE);
      expect(loop.run()).toBe(number);
    }
  });

  it.each([
    ['not present', 0, 0, 0x10],
    ['not executable', HERE | PRESENT_WRITABLE, NO_EXECUTE, 0x11],
  ])('faults where the second page is %s', (_, entry, high, errorCode) => {
    const loop = new Loop(tier, 64, INVLPG_ESI);
    const { vcpu } = loop.cpu;
    const { w } = vcpu;
    expect(loop.run()).toBe(1);
    loop.map(entry, high);
    const faults: string[] = [];
    vcpu.traceInterrupt = (line) => faults.push(line);
    w[ECX] = PASSES;
    w[EBX] = w[EDI] = w[W.halted] = 0;
    w[ESI] = HERE;
    w[W.rip] = loop.entry;
    expect(vcpu.run(10_000).reason).toBe('shutdown');
    expect(faults[0]).toContain(`v=0e e=${errorCode.toString(16)} `);
    expect([w[W.rip], w[W.cr2], w[EDI], w[EBX]]).toEqual([loop.jump, HERE, 1, 1]);
  });
});

it('a region with an instruction on two pages is kept, and used where the bytes on both are the same', () => {
  const made = new KeptRegions();
  new Loop('jit', 64, [], made).run();
  expect(made.added).toBe(1);
  for (const [distance, number, used] of [
    [FIRST, 1, 1],
    [SECOND, 3, 0],
  ] as const) {
    const kept = new KeptRegions(structuredClone(made.data));
    const loop = new Loop('jit', 64, [], kept);
    loop.cpu.ram.view.setInt32(HERE, distance, true);
    for (let n = 0; n < 30; n++) expect(loop.run(2)).toBe(number);
    expect(kept.used).toBe(used);
  }
});

it.each(['interp', 'jit', 'js'] as const)(
  'a region does not go on on a page that may not be executed now: %s',
  (tier) => {
    const loop = new Loop(tier, 64);
    const { cpu } = loop;
    const { vcpu } = cpu;
    const { w } = vcpu;
    // INVLPG [RSI]; top: DEC EDX; JZ second page; DEC ECX; JNZ top; HLT
    const code = [...INVLPG_ESI, 0xff, 0xca, 0x0f, 0x84, 0, 0, 0, 0, 0xff, 0xc9, 0x75, 0xf4, HLT];
    const entry = cpu.place(Uint8Array.from(code));
    // DEC ECX; HLT
    cpu.ram.u8.set([0xff, 0xc9, HLT], HERE + 8);
    cpu.ram.view.setInt32(entry + 7, HERE + 8 - (entry + 11), true);
    w[ESI] = HERE;
    for (let n = 0; n < 10; n++) {
      w[EDX] = 1;
      cpu.runFrom(entry + INVLPG_ESI.length);
    }
    loop.map(HERE | PRESENT_WRITABLE, NO_EXECUTE);
    w[ECX] = PASSES;
    w[EDX] = 90;
    w[W.halted] = 0;
    w[W.rip] = entry;
    expect(vcpu.run(10_000).reason).toBe('shutdown');
    expect([w[W.rip], w[W.cr2], w[ECX]]).toEqual([HERE + 8, HERE + 8, PASSES - 89]);
  },
);
