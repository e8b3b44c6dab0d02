import { expect, test } from 'vitest';
import { ACCESS, FakeCpu, SEL, TSS } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { writeRflags } from '../flags.ts';
import { CR0, CS, DS, FLAG, RAX, RSP, SS, TR, W } from '../state.ts';
import { setRip } from './code-segment.ts';
import { deliver } from './interrupt.ts';

const NEW_TSS = 0x4000;
const NEW = SEL.FREE;
const STACK = 0x7000;

/** Two tasks: the running one at TSS, another at NEW_TSS with EIP 0x5000 and EAX 0x77. */
function twoTasks(flags = FLAG.IF | 2): FakeCpu {
  const cpu = new FakeCpu('protected');
  cpu.describe(NEW, NEW_TSS, 0x67, ACCESS.TSS);
  cpu.put32(NEW_TSS + 0x20, 0x5000, flags, 0x77, 1, 2, 3, STACK, 5, 6, 7);
  cpu.put32(NEW_TSS + 0x48, SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0, 0);
  cpu.state.set('gpr', 0x1234n, RAX);
  setRip(cpu.w, 0x400, 0);
  return cpu;
}

const link = (cpu: FakeCpu): number => cpu.get32(NEW_TSS, 1)[0]! & 0xffff;

test('CALL saves the old task, loads the new one, and IRET goes back (SDM 3A 7.3, 7.4)', () => {
  const cpu = twoTasks();
  cpu.call.callFar!(NEW, 0, 0, 4, 0x407, 0);
  expect([cpu.state.get('rip'), cpu.state.get('gpr', RAX), cpu.state.get('gpr', RSP)]).toEqual([
    0x5000n,
    0x77n,
    BigInt(STACK),
  ]);
  expect([cpu.w[W.selector + TR], link(cpu), cpu.typeByte(NEW), cpu.typeByte(SEL.TSS)]).toEqual([
    NEW,
    SEL.TSS,
    ACCESS.BUSY_TSS,
    ACCESS.BUSY_TSS,
  ]);
  expect(cpu.w[W.rflags]! & FLAG.NT).toBe(FLAG.NT);
  expect(cpu.w[W.cr0]! & CR0.TS).toBe(CR0.TS);
  expect(cpu.get32(TSS + 0x20, 3)).toEqual([0x407, 2, 0x1234]);
  cpu.call.returnFromInterrupt!(4, 0x5001);
  expect([cpu.state.get('rip'), cpu.state.get('gpr', RAX), cpu.w[W.selector + TR]]).toEqual([0x407n, 0x1234n, SEL.TSS]);
  expect([cpu.typeByte(NEW), cpu.get32(NEW_TSS + 0x20, 2)]).toEqual([ACCESS.TSS, [0x5001, FLAG.IF | 2]]);
});

test('JMP clears the busy bit it leaves and links nothing; a busy task cannot be called', () => {
  const cpu = twoTasks();
  cpu.call.jumpFar!(NEW, 0, 0, 0x407);
  expect([cpu.typeByte(NEW), cpu.typeByte(SEL.TSS), link(cpu)]).toEqual([ACCESS.BUSY_TSS, ACCESS.TSS, 0]);
  expect(cpu.w[W.rflags]! & FLAG.NT).toBe(0);
  expect(cpu.faultOf(() => cpu.call.callFar!(NEW, 0, 0, 4, 0, 0))).toEqual([VECTOR.GP, NEW]);
});

test('a task gate takes an exception and its error code on the new stack (SDM 3A 6.12.2)', () => {
  const cpu = twoTasks();
  cpu.gate(VECTOR.DF, NEW, 0n, 0x85);
  expect(deliver(cpu, VECTOR.DF, 0, 'fault')).toBe('ok');
  expect([cpu.state.get('rip'), cpu.state.get('gpr', RSP)]).toEqual([0x5000n, BigInt(STACK - 4)]);
  expect(cpu.get32(TSS + 0x20, 1)).toEqual([0x400]);
});

test('a bad segment of the new task is #TS in the new task', () => {
  const cpu = twoTasks();
  cpu.put32(NEW_TSS + 0x50, SEL.CODE0);
  cpu.gate(VECTOR.TS, SEL.CODE0, 0x6000n, 0x8e);
  cpu.gate(VECTOR.SS, SEL.CODE0, 0x6100n, 0x8e);
  cpu.gate(VECTOR.DF, SEL.CODE0, 0x6200n, 0x8e);
  cpu.call.jumpFar!(NEW, 0, 0, 0x407);
  expect([cpu.w[W.selector + TR], cpu.w[W.selector + CS]]).toEqual([NEW, SEL.CODE0]);
  // SS is not loaded, so no handler on the same stack can run: shutdown.
  expect(cpu.w[W.halted]).toBe(2);
});

test('a TSS that is too short is #TS before anything changes', () => {
  const cpu = twoTasks();
  cpu.describe(NEW, NEW_TSS, 0x66, ACCESS.TSS);
  expect(cpu.faultOf(() => cpu.call.jumpFar!(NEW, 0, 0, 0))).toEqual([VECTOR.TS, NEW]);
  expect([cpu.w[W.selector + TR], cpu.typeByte(SEL.TSS)]).toEqual([SEL.TSS, ACCESS.BUSY_TSS]);
});

test('a 16-bit TSS holds words (SDM 3A 7.6)', () => {
  const cpu = twoTasks();
  cpu.describe(NEW, NEW_TSS, 0x2b, 0x81);
  const words = [0x5000, 0x202, 0x77, 1, 2, 3, STACK, 5, 6, 7, SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0];
  words.forEach((word, n) => {
    cpu.view.setUint16(NEW_TSS + 0x0e + 2 * n, word, true);
  });
  cpu.call.jumpFar!(NEW, 0, 0, 0x407);
  expect([cpu.state.get('rip'), cpu.state.get('gpr', RAX), cpu.w[W.selector + DS]]).toEqual([
    0x5000n,
    0x77n,
    SEL.DATA0,
  ]);
  expect(cpu.w[W.attributes + TR]! & 15).toBe(3);
});

test('the T bit asks for a debug trap, VM makes the task a virtual-8086 one', () => {
  const cpu = twoTasks(FLAG.VM | FLAG.IF | 2);
  cpu.put32(NEW_TSS + 0x64, 1);
  cpu.put32(NEW_TSS + 0x4c, 0x1000, 0x2000);
  writeRflags(cpu.w, 2);
  cpu.call.jumpFar!(NEW, 0, 0, 0x407);
  expect(cpu.w[W.debugTrap]).toBe(0x8000);
  expect([cpu.w[W.cpl], cpu.state.get('base', CS), cpu.state.get('base', SS)]).toEqual([3, 0x10000n, 0x20000n]);
});
