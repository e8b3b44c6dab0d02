import { expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { CpuState } from '../../src/cpu/state.ts';

const PAGE = 4096;
const PDPT = 0x11000;
/** Directory and table of each GiB that is mapped. */
const TABLES = 0x16000;
const PASSES = 300;
const BUDGET = 6_000;
const [RCX, RBX, RSP, RSI, RDI] = [1, 3, 4, 6, 7] as const;
const PROGRAM = 0x100000;
const LIBRARY = 0x110000;
const OTHER = 0x118000;
const DATA = 2 * PAGE;

/** CALL the second page, CALL RBX, DEC ECX, JNZ to the first CALL, a loop around itself. */
const FIRST = [0xb9, ...le(PASSES), 0xe8, ...le(PAGE + 0x10 - 10), 0xff, 0xd3, 0xff, 0xc9, 0x75, 0xf5, 0xeb, 0xfe];
const END = FIRST.length - 2;
/** Addresses of its own in RAX and at [RSP], which RSI and a place relative to RIP take up. */
const SECOND = [
  ...[0x48, 0x8d, 0x05, ...le(0x100)], // LEA RAX,[RIP+100h]
  ...[0x48, 0x31, 0xc6, 0x48, 0xc1, 0xc6, 7], // XOR RSI,RAX; ROL RSI,7
  ...[0x48, 0x01, 0x05, ...le(PAGE - 0x10 - 21)], // ADD [data],RAX
  ...[0x48, 0x8b, 0x14, 0x24, 0x48, 0x01, 0xd6, 0xc3], // MOV RDX,[RSP]; ADD RSI,RDX; RET
];
/** LEA RAX,[RIP-7]; ADD RDI,RAX; RET */
const SHARED = [0x48, 0x8d, 0x05, ...le(-7), 0x48, 0x01, 0xc7, 0xc3];

function le(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
}

/** DEC RDI; RET */
const DIFFERENT = [0x48, 0xff, 0xcf, 0xc3];

/** ADD ESI,1; DEC ECX; and the same with 3, which goes on where the first ends. */
const BY_1 = [0x83, 0xc6, 1, 0xff, 0xc9];
const BY_3 = [0x83, 0xc6, 3, 0xff, 0xc9, 0xeb, BY_1.length];
/** JMP to the first of them; behind them JNZ, whose distance lies on the next page. */
const SPLIT = [0xeb, BY_3.length, ...BY_3, ...BY_1, 0x0f, 0x85];
/** On the second page: the distance, and a loop around itself behind it. */
const [TO_1, TO_3] = [BY_1, [...BY_3, ...BY_1]].map(({ length }) => [...le(-length - 6), 0xeb, 0xfe]) as [
  number[],
  number[],
];
const SPLIT_END = PAGE + 4;
/** A second page of another process. */
const PRIVATE = 0x120000;

/** Where a process has its two pages of code with one of data behind them, and the library: multiples of 4 GiB below 128. */
type Layout = readonly [program: number, library: number];

const at = (place: number, offset: number): bigint => BigInt(place * 2 ** 32 + offset);

/** Processes in ring 3 that share their pages of RAM. */
class Processes {
  readonly cpu: MicroCpu;

  constructor(tier: Tier, passes = {}) {
    this.cpu = new MicroCpu(tier, 64, { jit: { hot: 20, passes } });
    const { u8, view } = this.cpu.ram;
    u8.set(FIRST, PROGRAM);
    u8.set(SECOND, PROGRAM + PAGE + 0x10);
    u8.set(SHARED, LIBRARY + 0x20);
    u8.set(DIFFERENT, OTHER + 0x20);
    u8.set(SPLIT, PROGRAM + PAGE - SPLIT.length);
    u8.set(TO_1, PROGRAM + PAGE);
    u8.set(TO_3, PRIVATE);
    view.setUint8(0x10000, 7);
    const state = new CpuState();
    this.cpu.vcpu.readState(state);
    state.set('cpl', 3n);
    this.cpu.vcpu.writeState(state);
  }

  /** The next run is that of a process; translations are dropped before, as by others in between. */
  enter([program, library]: Layout, flushes = 20): void {
    const { vcpu, ram } = this.cpu;
    ram.u8.fill(0, PDPT + 8, PDPT + PAGE);
    this.#map(program, PROGRAM);
    this.#map(library, LIBRARY);
    for (let n = 0; n < flushes; n++) vcpu.mmu.flush(true);
    const state = new CpuState();
    vcpu.readState(state);
    state.set('rip', at(program, 0));
    state.set('gpr', at(library, 0x20), RBX);
    state.set('gpr', at(program, DATA + PAGE - 64), RSP);
    for (const register of [RSI, RDI]) state.set('gpr', 0n, register);
    ram.view.setBigUint64(PROGRAM + DATA, 0n, true);
    vcpu.writeState(state);
  }

  /** Three pages of RAM have this address too. */
  #map(place: number, pages: number): void {
    const { view } = this.cpu.ram;
    const directory = TABLES + 2 * PAGE * [PROGRAM, LIBRARY, OTHER].indexOf(pages);
    view.setUint32(PDPT + 8 * 4 * place, directory | 7, true);
    view.setUint32(directory, (directory + PAGE) | 7, true);
    for (let page = 0; page < 3; page++) {
      view.setUint32(directory + PAGE + 8 * page, (pages + page * PAGE) | 7, true);
    }
  }

  /** What a process leaves behind. */
  run(layout: Layout, flushes?: number): bigint[] {
    this.enter(layout, flushes);
    return this.finish(layout);
  }

  /** As `run`, of a process that sees its program at another place too: there it begins, with the second page. */
  runTwice([program, other]: Layout): bigint[] {
    this.enter([program, program]);
    const { vcpu, ram } = this.cpu;
    for (const place of [program, other]) this.#map(place, PROGRAM);
    const state = new CpuState();
    vcpu.readState(state);
    state.set('rip', at(other, PAGE + 0x10));
    state.set('gpr', at(other, PAGE + 0x10), RBX);
    vcpu.writeState(state);
    ram.view.setBigUint64(PROGRAM + DATA + PAGE - 64, at(program, 0), true);
    return this.finish([program, program]);
  }

  /** As `run`, and once more with another library, which lies at this place. */
  runOther(layout: Layout, place: number): bigint[] {
    const first = this.run(layout);
    this.enter(layout, 0);
    this.#map(place, OTHER);
    const { vcpu } = this.cpu;
    const state = new CpuState();
    vcpu.readState(state);
    state.set('gpr', at(place, 0x20), RBX);
    vcpu.writeState(state);
    return [...first, ...this.finish(layout)];
  }

  /** As `run`, of the loop with a jump on two pages, the second of which is this one. */
  runSplit(layout: Layout, second: number): bigint[] {
    this.enter(layout);
    const { vcpu, ram } = this.cpu;
    const state = new CpuState();
    vcpu.readState(state);
    state.set('rip', at(layout[0], PAGE - SPLIT.length));
    state.set('gpr', BigInt(PASSES), RCX);
    vcpu.writeState(state);
    ram.view.setUint32(TABLES + PAGE + 8, second | 7, true);
    return this.finish(layout, SPLIT_END);
  }

  finish(layout: Layout, end = END): bigint[] {
    const { vcpu, ram } = this.cpu;
    expect(vcpu.run(BUDGET)).toEqual({ reason: 'budget' });
    const state = new CpuState();
    vcpu.readState(state);
    expect(state.get('rip')).toBe(at(layout[0], end));
    return [state.get('gpr', RSI), state.get('gpr', RDI), ram.view.getBigUint64(PROGRAM + DATA, true)];
  }

  get made() {
    const { code, regions } = this.cpu.vcpu;
    return { decoded: code.predecoder.decoded, regions: regions?.stats.made };
  }
  get moves(): number {
    return this.cpu.vcpu.code.moving.moves;
  }
}

const oracle = new Processes('eval');
const expectRight = (processes: Processes, layout: Layout, flushes?: number): void =>
  expect(processes.run(layout, flushes)).toEqual(oracle.run(layout));

it('a process at other addresses runs what was made for the one before', () => {
  const processes = new Processes('jit');
  for (const layout of [
    [3, 4],
    [5, 6],
    [7, 8],
  ] as const)
    expectRight(processes, layout);
  const { made } = processes;
  expect(made.regions).toBeGreaterThan(0);
  for (const layout of [
    [9, 10],
    [1, 2],
    [30, 31],
  ] as const)
    expectRight(processes, layout);
  expect(processes.made).toEqual(made);
  expect(processes.moves).toBeGreaterThan(3);
});

it.each(['interp', 'jit'] as const)('pages that move apart are right, and made for it once: %s', (tier) => {
  const processes = new Processes(tier);
  for (const layout of [
    [3, 4],
    [9, 5],
    [1, 30],
    [7, 2],
  ] as const)
    expectRight(processes, layout);
  const { made } = processes;
  for (const layout of [
    [9, 20],
    [2, 3],
    [15, 4],
  ] as const)
    expectRight(processes, layout);
  expect(processes.made).toEqual(made);
});

it('a region that moved is left for where its exits lead to now', () => {
  const processes = new Processes('jit', { 'cross-page': false, 'exit-links': false });
  for (const layout of [
    [3, 4],
    [9, 10],
    [1, 2],
  ] as const)
    expectRight(processes, layout);
  expect(processes.moves).toBeGreaterThan(0);
});

it('processes that take turns have tables of their own', () => {
  const processes = new Processes('jit');
  for (let turn = 0; turn < 3; turn++)
    for (const layout of [
      [3, 4],
      [9, 10],
    ] as const)
      expectRight(processes, layout, 1);
  expect(processes.moves).toBe(0);
});

it('a process that comes back after long ends the moves for a while', () => {
  const processes = new Processes('jit');
  for (const layout of [
    [3, 4],
    [9, 10],
  ] as const)
    expectRight(processes, layout);
  const { moves } = processes;
  expect(moves).toBeGreaterThan(0);
  for (let turn = 0; turn < 3; turn++)
    for (const layout of [
      [3, 4],
      [9, 10],
    ] as const)
      expectRight(processes, layout);
  expect(processes.moves).toBe(moves);
});

it('code that was changed since runs as it is', () => {
  const processes = new Processes('jit');
  expectRight(processes, [3, 4]);
  for (const { cpu } of [processes, oracle]) {
    cpu.ram.u8[PROGRAM + PAGE + 0x10 + 13] = 9;
    cpu.vcpu.forgetUserCode();
  }
  expectRight(processes, [9, 10]);
  for (const { cpu } of [processes, oracle]) cpu.ram.u8[PROGRAM + PAGE + 0x10 + 13] = 7;
});

it('a breakpoint stops in code that was made at another address', () => {
  const processes = new Processes('jit');
  const { vcpu } = processes.cpu;
  const address = at(9, PAGE + 0x10);
  vcpu.setBreakpoints([{ kind: 'execute', address, length: 1 }]);
  expectRight(processes, [3, 4]);
  processes.enter([9, 10]);
  expect(vcpu.run(BUDGET)).toMatchObject({ reason: 'debug', rip: address });
  vcpu.setBreakpoints([]);
  expectRight(processes, [3, 4]);
  expectRight(processes, [9, 10]);
  expect(processes.moves).toBeGreaterThan(0);
});

it.each([
  ['interp', {}],
  ['jit', {}],
  ['jit', { 'cross-page': false }],
  ['jit', { 'cross-page': false, 'web-assembly': false }],
] as const)('links are right where pages are seen at two addresses: %s %j', (tier, passes) => {
  const processes = new Processes(tier, passes);
  for (const layout of [
    [3, 4],
    [3, 4],
  ] as const)
    expectRight(processes, layout);
  expect(processes.runTwice([9, 3])).toEqual(oracle.runTwice([9, 3]));
  expectRight(processes, [20, 21]);
});

it('a library is not taken for the one that lay as far away when the region was made', () => {
  const processes = new Processes('jit');
  for (const layout of [
    [3, 4],
    [3, 4],
  ] as const)
    expectRight(processes, layout);
  expect(processes.runOther([9, 20], 10)).toEqual(oracle.runOther([9, 20], 10));
});

it.each([
  ['jit', {}],
  ['jit', { 'web-assembly': false }],
] as const)('an instruction that goes on on the next page is what is there where it is now: %s %j', (tier, passes) => {
  const processes = new Processes(tier, passes);
  const shared = PROGRAM + PAGE;
  for (const [layout, second] of [
    [[3, 4], shared],
    [[3, 4], shared],
    [[9, 10], PRIVATE],
    [[1, 2], shared],
    [[30, 31], shared],
    [[5, 6], PRIVATE],
  ] as const)
    expect(processes.runSplit(layout, second)).toEqual(oracle.runSplit(layout, second));
  expect(processes.moves).toBeGreaterThan(0);
});
