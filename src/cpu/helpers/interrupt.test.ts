import { describe, expect, test } from 'vitest';
import { FakeCpu, SEL, TSS } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { readRflags, writeRflags } from '../flags.ts';
import { AR, CS, DS, ES, FLAG, GS, RSP, SS, W } from '../state.ts';
import { setRip } from './code-segment.ts';
import { deliver } from './interrupt.ts';

const INTERRUPT_32 = 0x8e;
const TRAP_32 = 0x8f;
const STACK0 = 0x9000;
const STACK3 = 0x8000;

const selectors = (cpu: FakeCpu): number[] => [cpu.w[W.selector + CS]!, cpu.w[W.selector + SS]!];
const rip = (cpu: FakeCpu): bigint => cpu.state.get('rip');
const rsp = (cpu: FakeCpu): bigint => cpu.state.get('gpr', RSP);

/** Level 3 with a ring-0 stack in the TSS. */
function userProtected(): FakeCpu {
  const cpu = new FakeCpu('protected');
  cpu.put32(TSS + 4, STACK0, SEL.DATA0);
  cpu.enter(3);
  cpu.state.set('gpr', BigInt(STACK3), RSP);
  setRip(cpu.w, 0x401000, 0);
  writeRflags(cpu.w, FLAG.IF | FLAG.CF | FLAG.TF);
  return cpu;
}

function userLong(): FakeCpu {
  const cpu = new FakeCpu('long');
  cpu.put64(TSS + 4, BigInt(STACK0) + 8n);
  cpu.enter(3);
  cpu.state.set('gpr', BigInt(STACK3), RSP);
  cpu.state.set('rip', 0x7fff12345678n);
  writeRflags(cpu.w, FLAG.IF | FLAG.ZF);
  return cpu;
}

describe('protected mode (SDM 3A 6.12.1)', () => {
  test('an interrupt gate to ring 0 switches stacks and clears IF and TF', () => {
    const cpu = userProtected();
    cpu.gate(0x20, SEL.CODE0, 0xc0100000n, INTERRUPT_32);
    expect(deliver(cpu, 0x20, -1, 'external')).toBe('ok');
    expect(selectors(cpu)).toEqual([SEL.CODE0, SEL.DATA0]);
    expect([rip(cpu), rsp(cpu), cpu.w[W.cpl]]).toEqual([0xc0100000n, BigInt(STACK0 - 20), 0]);
    expect(cpu.get32(STACK0 - 20, 5)).toEqual([0x401000, SEL.CODE3, 0x303, STACK3, SEL.DATA3]);
    expect(readRflags(cpu.w)).toBe(FLAG.CF | 2);
  });

  test('a trap gate on the same level keeps IF and the stack; a fault pushes RF and its error code', () => {
    const cpu = userProtected();
    cpu.enter(0);
    cpu.gate(VECTOR.PF, SEL.CODE0, 0x1234n, TRAP_32);
    deliver(cpu, VECTOR.PF, 2, 'fault');
    expect(rsp(cpu)).toBe(BigInt(STACK3 - 16));
    expect(cpu.get32(STACK3 - 16, 4)).toEqual([2, 0x401000, SEL.CODE0, 0x303 | FLAG.RF]);
    expect(readRflags(cpu.w) & FLAG.IF).toBe(FLAG.IF);
  });

  test('IRET goes back to ring 3 and nulls data segments of ring 0', () => {
    const cpu = userProtected();
    cpu.gate(0x20, SEL.CODE0, 0x5000n, INTERRUPT_32);
    deliver(cpu, 0x20, -1, 'external');
    cpu.call.loadSegment!(DS, SEL.DATA0);
    cpu.call.returnFromInterrupt!(4, 0);
    expect(selectors(cpu)).toEqual([SEL.CODE3, SEL.DATA3]);
    expect([rip(cpu), rsp(cpu), cpu.w[W.cpl]]).toEqual([0x401000n, BigInt(STACK3), 3]);
    expect(readRflags(cpu.w)).toBe(0x303);
    expect([cpu.w[W.selector + DS], cpu.w[W.selector + ES]]).toEqual([0, SEL.DATA3]);
    expect(cpu.w[W.attributes + DS]! & AR.UNUSABLE).toBe(AR.UNUSABLE);
  });

  test('INT n needs a gate of DPL 3; its own error code has no EXT bit', () => {
    const cpu = userProtected();
    cpu.gate(0x80, SEL.CODE0, 0x5000n, INTERRUPT_32);
    expect(cpu.faultOf(() => cpu.call.interruptNumber!(0x80, 0x401002, 0))).toEqual([VECTOR.GP, 0x80 * 8 + 2]);
    expect([cpu.w[W.cpl], rip(cpu)]).toEqual([3, 0x401000n]);
    cpu.gate(0x80, SEL.CODE0, 0x5000n, 0xee);
    cpu.call.interruptNumber!(0x80, 0x401002, 0);
    expect(cpu.get32(STACK0 - 20, 1)).toEqual([0x401002]);
  });

  test('an absent handler segment is #NP(selector | EXT) of the external event', () => {
    const cpu = userProtected();
    cpu.describe(SEL.FREE, 0, 0xfffff, 0x1b, 0xc0);
    cpu.gate(0x20, SEL.FREE, 0x5000n, INTERRUPT_32);
    cpu.gate(VECTOR.NP, SEL.CODE0, 0x6000n, INTERRUPT_32);
    deliver(cpu, 0x20, -1, 'external');
    expect(rip(cpu)).toBe(0x6000n);
    expect(cpu.get32(STACK0 - 24, 2)).toEqual([SEL.FREE | 1, 0x401000]);
  });

  test.each([
    ['null', 0, 1],
    ['not writable', SEL.CODE0, SEL.CODE0 | 1],
    ['of another level', SEL.DATA3, (SEL.DATA3 & 0xfffc) | 1],
    ['beyond the GDT', 0x200, 0x201],
  ])('a ring-0 stack selector that is %s is #TS', (_, selector, errorCode) => {
    const cpu = userProtected();
    cpu.put32(TSS + 8, selector);
    cpu.gate(VECTOR.DB, SEL.CODE0, 0x5000n, INTERRUPT_32);
    expect(cpu.faultOf(() => cpu.call.debugInterrupt!(0, 0))).toEqual([VECTOR.TS, errorCode]);
  });
});

describe('IA-32e mode (SDM 3A 6.14)', () => {
  test('the frame has SS:RSP, an aligned stack and a null SS; IRETQ undoes it', () => {
    const cpu = userLong();
    cpu.gate(VECTOR.GP, SEL.CODE0, 0xffffffff81000000n, INTERRUPT_32);
    deliver(cpu, VECTOR.GP, 0x18, 'fault');
    expect([rip(cpu), rsp(cpu)]).toEqual([0xffffffff81000000n, BigInt(STACK0 - 48)]);
    expect(cpu.get64(STACK0 - 48, 6)).toEqual([
      0x18n,
      0x7fff12345678n,
      BigInt(SEL.CODE3),
      BigInt(FLAG.IF | FLAG.ZF | FLAG.RF | 2),
      BigInt(STACK3),
      BigInt(SEL.DATA3),
    ]);
    expect([...selectors(cpu), cpu.w[W.cpl]]).toEqual([SEL.CODE0, 0, 0]);
    expect(cpu.w[W.attributes + SS]! & AR.UNUSABLE).toBe(AR.UNUSABLE);
    cpu.state.set('gpr', BigInt(STACK0 - 40), RSP);
    cpu.call.returnFromInterrupt!(8, 0);
    expect([rip(cpu), rsp(cpu), cpu.w[W.cpl]]).toEqual([0x7fff12345678n, BigInt(STACK3), 3]);
    expect(selectors(cpu)).toEqual([SEL.CODE3, SEL.DATA3]);
  });

  test('an IST stack is taken even without a change of level', () => {
    const cpu = userLong();
    cpu.enter(0);
    cpu.put64(TSS + 0x24 + 8, 0xa00fn);
    cpu.gate(VECTOR.NMI, SEL.CODE0, 0x5000n, INTERRUPT_32, 2);
    deliver(cpu, VECTOR.NMI, -1, 'nmi');
    expect(rsp(cpu)).toBe(0xa000n - 40n);
    expect(cpu.w[W.nmiMasked]).toBe(1);
  });

  test('IRETQ to a non-canonical address is #GP(0) before anything changes', () => {
    const cpu = userLong();
    cpu.enter(0);
    const frame = [0x800000000000n, BigInt(SEL.CODE3), 0x202n, BigInt(STACK3), BigInt(SEL.DATA3)];
    frame.forEach((value, n) => {
      cpu.put64(STACK3 + 8 * n, value);
    });
    expect(cpu.faultOf(() => cpu.call.returnFromInterrupt!(8, 0))).toEqual([VECTOR.GP, 0]);
    expect([cpu.w[W.cpl], rsp(cpu)]).toEqual([0, BigInt(STACK3)]);
  });

  test('16-bit and task gates are #GP(vector * 8 + IDT + EXT)', () => {
    const cpu = userLong();
    cpu.gate(0x21, SEL.CODE0, 0x5000n, 0x86);
    cpu.gate(VECTOR.GP, SEL.CODE0, 0x6000n, INTERRUPT_32);
    deliver(cpu, 0x21, -1, 'external');
    expect(cpu.get64(STACK0 - 48, 1)).toEqual([BigInt(0x21 * 8 + 3)]);
  });
});

describe('nested faults (SDM 3A table 6-5)', () => {
  test('#GP while delivering #NP is a double fault with error code 0', () => {
    const cpu = userLong();
    cpu.gate(VECTOR.DF, SEL.CODE0, 0xdf00n, INTERRUPT_32);
    expect(deliver(cpu, VECTOR.NP, 0x50, 'fault')).toBe('ok');
    expect(rip(cpu)).toBe(0xdf00n);
    expect(cpu.get64(STACK0 - 48, 2)).toEqual([0n, 0x7fff12345678n]);
  });

  test('#PF while delivering #GP is serial, #PF while delivering #PF is not', () => {
    const cpu = userLong();
    cpu.gate(VECTOR.GP, SEL.CODE0, 0x6000n, INTERRUPT_32);
    cpu.gate(VECTOR.PF, SEL.CODE0, 0x7000n, INTERRUPT_32, 1);
    cpu.gate(VECTOR.DF, SEL.CODE0, 0xdf00n, INTERRUPT_32, 2);
    cpu.put64(TSS + 0x24, 0xb000n);
    cpu.put64(TSS + 0x2c, 0xc000n);
    cpu.faulting.add((STACK0 - 8) >>> 12);
    deliver(cpu, VECTOR.GP, 0, 'fault');
    expect(rip(cpu)).toBe(0x7000n);
    cpu.faulting.add(0xa);
    deliver(cpu, VECTOR.PF, 0, 'fault');
    expect(rip(cpu)).toBe(0xdf00n);
  });

  test('a fault while delivering a double fault shuts down', () => {
    const cpu = userLong();
    cpu.w[W.idtrLimit] = 0;
    expect(deliver(cpu, VECTOR.UD, -1, 'fault')).toBe('shutdown');
    expect(cpu.w[W.halted]).toBe(2);
  });
});

describe('real-address mode (SDM 3B 21.1.4)', () => {
  test('pushes FLAGS, CS, IP and no error code; IRET returns', () => {
    const cpu = new FakeCpu('real');
    cpu.put32(VECTOR.GP * 4, 0x12340100);
    cpu.call.loadSegment!(SS, 0x800);
    cpu.state.set('gpr', 0x100n, RSP);
    setRip(cpu.w, 0x55, 0);
    writeRflags(cpu.w, FLAG.IF);
    deliver(cpu, VECTOR.GP, 0, 'fault');
    expect([cpu.w[W.selector + CS], rip(cpu), rsp(cpu)]).toEqual([0x1234, 0x100n, 0xfan]);
    expect(cpu.get32(0x80fa, 1)).toEqual([0xf0000055]);
    expect(readRflags(cpu.w) & FLAG.IF).toBe(0);
    cpu.call.returnFromInterrupt!(2, 0);
    expect([cpu.w[W.selector + CS], rip(cpu), rsp(cpu)]).toEqual([0xf000, 0x55n, 0x100n]);
    expect(readRflags(cpu.w)).toBe(FLAG.IF | 2);
  });
});

describe('virtual-8086 mode (SDM 3B 21.2, 21.3)', () => {
  function virtual(): FakeCpu {
    const cpu = userProtected();
    cpu.enter(0);
    cpu.state.set('gpr', BigInt(STACK0 - 36), RSP);
    cpu.put32(STACK0 - 36, 0x234, 0x1000, FLAG.VM | FLAG.IF | 2, 0x400, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000);
    cpu.call.returnFromInterrupt!(4, 0);
    return cpu;
  }

  test('IRET with VM set enters, an interrupt leaves with all selectors pushed', () => {
    const cpu = virtual();
    expect([cpu.w[W.cpl], rip(cpu), rsp(cpu)]).toEqual([3, 0x234n, 0x400n]);
    expect([cpu.state.get('base', CS), cpu.state.get('base', GS)]).toEqual([0x10000n, 0x60000n]);
    cpu.gate(0x20, SEL.CODE0, 0x5000n, INTERRUPT_32);
    deliver(cpu, 0x20, -1, 'external');
    expect(cpu.get32(STACK0 - 36, 9)).toEqual([
      0x234,
      0x1000,
      FLAG.VM | FLAG.IF | 2,
      0x400,
      0x2000,
      0x3000,
      0x4000,
      0x5000,
      0x6000,
    ]);
    expect([cpu.w[W.cpl], cpu.w[W.selector + GS], readRflags(cpu.w) & FLAG.VM]).toEqual([0, 0, 0]);
  });

  test('INT n, CLI, PUSHF and IRET are #GP(0) with IOPL below 3; INT3 is not', () => {
    const cpu = virtual();
    cpu.gate(VECTOR.BP, SEL.CODE0, 0x5000n, 0xee);
    for (const [name, ...args] of [
      ['interruptNumber', 3, 0, 0],
      ['checkVirtualIopl'],
      ['flagsToPush'],
      ['returnFromInterrupt', 2, 0],
    ] as [string, ...number[]][]) {
      expect(cpu.faultOf(() => cpu.call[name]!(...args))).toEqual([VECTOR.GP, 0]);
    }
    cpu.call.breakpoint!(0x235, 0);
    expect(rip(cpu)).toBe(0x5000n);
  });
});
