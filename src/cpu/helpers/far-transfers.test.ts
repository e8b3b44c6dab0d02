import { describe, expect, test } from 'vitest';
import { FakeCpu, SEL, TSS } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { MODE } from '../mode.ts';
import { CS, RSP, SS, W } from '../state.ts';

const STACK3 = 0x8000;
const STACK0 = 0x9000;
const GATE = 0x48;

const rip = (cpu: FakeCpu): bigint => cpu.state.get('rip');
const rsp = (cpu: FakeCpu): bigint => cpu.state.get('gpr', RSP);
const selectors = (cpu: FakeCpu): number[] => [cpu.w[W.selector + CS]!, cpu.w[W.selector + SS]!];

/** A 32-bit call gate: DPL 3, two parameters. */
const callGate = (selector: number, offset: number, type = 0xec): bigint =>
  BigInt(offset & 0xffff) |
  (BigInt(selector) << 16n) |
  (2n << 32n) |
  (BigInt(type) << 40n) |
  (BigInt(offset >>> 16) << 48n);

function user(): FakeCpu {
  const cpu = new FakeCpu('protected');
  cpu.put32(TSS + 4, STACK0, SEL.DATA0);
  cpu.put64(0x1000 + GATE, callGate(SEL.CODE0, 0x123456));
  cpu.enter(3);
  cpu.state.set('gpr', BigInt(STACK3), RSP);
  cpu.put32(STACK3, 0x11111111, 0x22222222);
  return cpu;
}

test('a call gate to ring 0 copies its parameters; RET drops them on both stacks (SDM 3A 5.8.5)', () => {
  const cpu = user();
  cpu.call.callFar!(GATE | 3, 0x999, 0, 4, 0x401007, 0);
  expect([...selectors(cpu), cpu.w[W.cpl], rip(cpu)]).toEqual([SEL.CODE0, SEL.DATA0, 0, 0x123456n]);
  expect(cpu.get32(Number(rsp(cpu)), 6)).toEqual([0x401007, SEL.CODE3, 0x11111111, 0x22222222, STACK3, SEL.DATA3]);
  cpu.call.returnFar!(4, 8);
  expect([...selectors(cpu), cpu.w[W.cpl], rip(cpu)]).toEqual([SEL.CODE3, SEL.DATA3, 3, 0x401007n]);
  expect(rsp(cpu)).toBe(BigInt(STACK3 + 8));
});

describe('refused targets leave the state alone', () => {
  const GP = (code: number): [number, number] => [VECTOR.GP, code];
  const cases: [name: string, selector: number, fault: [number, number]][] = [
    ['null', 3, GP(0)],
    ['data', SEL.DATA3, GP(SEL.DATA3 & 0xfffc)],
    ['inner code', SEL.CODE0 | 3, GP(SEL.CODE0)],
    ['a busy TSS', SEL.TSS | 3, GP(SEL.TSS)],
  ];
  test.each(cases)('JMP far to %s', (_, selector, fault) => {
    const cpu = user();
    expect(cpu.faultOf(() => cpu.call.jumpFar!(selector, 0, 0, 0))).toEqual(fault);
    expect([cpu.w[W.cpl], cpu.w[W.selector + CS]]).toEqual([3, SEL.CODE3]);
  });

  test('JMP through a gate to an inner, nonconforming segment', () => {
    const cpu = user();
    expect(cpu.faultOf(() => cpu.call.jumpFar!(GATE | 3, 0, 0, 0))).toEqual(GP(SEL.CODE0));
  });

  test('an offset beyond the limit', () => {
    const cpu = new FakeCpu('protected');
    expect(cpu.faultOf(() => cpu.call.jumpFar!(SEL.CODE16, 0x10000, 0, 0))).toEqual(GP(0));
  });

  test('RET to an inner level', () => {
    const cpu = user();
    cpu.put32(STACK3, 0x1000, SEL.CODE0);
    expect(cpu.faultOf(() => cpu.call.returnFar!(4, 0))).toEqual(GP(SEL.CODE0));
  });
});

test('the size of code follows the descriptor', () => {
  const cpu = new FakeCpu('protected');
  expect(cpu.w[W.mode]! & MODE.CODE).toBe(MODE.CODE_32);
  cpu.call.jumpFar!(SEL.CODE16, 0x100, 0, 0);
  expect(cpu.w[W.mode]! & MODE.CODE).toBe(MODE.CODE_16);
});

test('IA-32e mode: compatibility code by far jump, 64-bit call gate with eight-byte items (SDM 3A 5.8.3.1)', () => {
  const cpu = new FakeCpu('long');
  cpu.describe(SEL.FREE, 0, 0xfffff, 0x9a, 0xc0);
  cpu.call.jumpFar!(SEL.FREE, 0x100, 0, 0);
  expect(cpu.w[W.mode]! & (MODE.CODE | MODE.LMA)).toBe(MODE.CODE_32 | MODE.LMA);
  cpu.put64(TSS + 4, BigInt(STACK0));
  cpu.put64(0x1000 + GATE, callGate(SEL.CODE0, 0x81000000));
  cpu.put64(0x1000 + GATE + 8, 0xffffffffn);
  cpu.enter(3);
  cpu.state.set('gpr', BigInt(STACK3), RSP);
  cpu.call.callFar!(GATE | 3, 0, 0, 4, 0x5000, 0x7f);
  expect([rip(cpu), rsp(cpu)]).toEqual([0xffffffff81000000n, BigInt(STACK0 - 32)]);
  expect(cpu.get64(STACK0 - 32, 4)).toEqual([0x7f00005000n, BigInt(SEL.CODE3), BigInt(STACK3), BigInt(SEL.DATA3)]);
  expect(selectors(cpu)).toEqual([SEL.CODE0, 0]);
});

test('SYSCALL and SYSRET swap to fixed segments and mask flags (SDM 2B)', () => {
  const cpu = new FakeCpu('long');
  cpu.state.set('star', 0x0023001000000000n);
  cpu.state.set('lstar', 0xffffffff81a00000n);
  cpu.state.set('sfmask', 0x200n);
  cpu.enter(3);
  cpu.w[W.rflags] = 0x202;
  cpu.call.syscall!(0x401002, 0x7f);
  expect([rip(cpu), cpu.w[W.cpl], ...selectors(cpu)]).toEqual([0xffffffff81a00000n, 0, 0x10, 0x18]);
  expect([cpu.state.get('gpr', 1), cpu.state.get('gpr', 11), cpu.w[W.rflags]]).toEqual([0x7f00401002n, 0x202n, 2]);
  cpu.call.sysret!(8);
  expect([rip(cpu), cpu.w[W.cpl], ...selectors(cpu)]).toEqual([0x7f00401002n, 3, 0x33, 0x2b]);
  expect(cpu.w[W.rflags]).toBe(0x202);
});

test('SYSENTER and SYSEXIT (SDM 2B)', () => {
  const cpu = new FakeCpu('protected');
  cpu.enter(3);
  expect(cpu.faultOf(() => cpu.call.sysenter!())).toEqual([VECTOR.GP, 0]);
  cpu.state.set('sysenterCs', 0x60n);
  cpu.state.set('sysenterEsp', 0x9000n);
  cpu.state.set('sysenterEip', 0xc1000000n);
  cpu.call.sysenter!();
  expect([rip(cpu), rsp(cpu), cpu.w[W.cpl], ...selectors(cpu)]).toEqual([0xc1000000n, 0x9000n, 0, 0x60, 0x68]);
  cpu.state.set('gpr', 0x8000n, 1);
  cpu.state.set('gpr', 0x401000n, 2);
  cpu.call.sysexit!(4);
  expect([rip(cpu), rsp(cpu), cpu.w[W.cpl], ...selectors(cpu)]).toEqual([0x401000n, 0x8000n, 3, 0x73, 0x7b]);
});
