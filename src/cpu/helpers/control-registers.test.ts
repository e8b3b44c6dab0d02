import { describe, expect, test } from 'vitest';
import { FakeCpu, SEL, TSS } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { MODE } from '../mode.ts';
import { CR0, CR4, EFER, FLAG, RAX, TR, W } from '../state.ts';
import { breakpointsArmed, matchData, matchInstruction, matchPort } from './debug-registers.ts';

const GP0: [number, number] = [VECTOR.GP, 0];
const EFER_MSR = 0xc0000080;
const CR3_TABLE = 0x6000;

const write = (cpu: FakeCpu, number: number, low: number, high = 0) =>
  cpu.faultOf(() => cpu.call.writeControl!(number, low, high));

describe('MOV CR (SDM 2B, 3A 2.5)', () => {
  const cases: [name: string, number: number, low: number, high: number][] = [
    ['paging without protection', 0, CR0.PG, 0],
    ['NW without CD', 0, CR0.PE | CR0.NW, 0],
    ['high half of CR0', 0, CR0.PE, 1],
    ['a CR4 bit that CPUID does not show', 4, CR4.SMAP, 0],
    ['CR4.PCIDE outside IA-32e mode', 4, CR4.PCIDE, 0],
    ['bit 63 of CR3 without CR4.PCIDE', 3, 0, 0x80000000],
    ['CR3 above MAXPHYADDR', 3, 0, 0x100],
    ['CR8 above 15', 8, 16, 0],
  ];
  test.each(cases)('#GP(0): %s', (_, number, low, high) => {
    expect(write(new FakeCpu('protected'), number, low, high)).toEqual(GP0);
  });

  test('CR1 and others are #UD', () => {
    expect(write(new FakeCpu('protected'), 1, 0)).toEqual([VECTOR.UD, -1]);
    const cpu = new FakeCpu('real');
    expect(cpu.faultOf(() => cpu.call.readControl!(5))).toEqual([VECTOR.UD, -1]);
  });

  test('ET stays set, undefined bits of CR0 stay clear', () => {
    const cpu = new FakeCpu('protected');
    write(cpu, 0, 0x1000ffc1 | CR0.PE);
    expect(cpu.w[W.cr0]).toBe(CR0.PE | CR0.ET);
  });
});

test('process-context identifiers (SDM 3A 4.10.1): set with identifier 0, and before paging ends', () => {
  const cpu = new FakeCpu('long');
  cpu.w[W.cr3] = 0x5001;
  expect(write(cpu, 4, CR4.PAE | CR4.PCIDE)).toEqual(GP0);
  cpu.w[W.cr3] = 0x5000;
  expect(write(cpu, 4, CR4.PAE | CR4.PCIDE)).toBe('none');
  const before = cpu.pagingChanges;
  expect(write(cpu, 3, 0x6002, 0x80000000)).toBe('none');
  expect(write(cpu, 3, 0x6003)).toBe('none');
  expect([cpu.contextChanges, cpu.pagingChanges]).toEqual([[true, false], before]);
  expect([cpu.w[W.cr3], cpu.w[W.cr3 + 1]]).toEqual([0x6003, 0]);
  expect(write(cpu, 3, 0x6002, 0x80000100)).toEqual(GP0);
  expect(write(cpu, 0, CR0.PE)).toEqual(GP0);
});

describe('the way into IA-32e mode (SDM 3A 9.8.5)', () => {
  function ready(): FakeCpu {
    const cpu = new FakeCpu('protected');
    cpu.call.writeMsr!(EFER_MSR, EFER.LME, 0);
    return cpu;
  }

  test('LME, PAE, then PG: LMA is set; LME is locked while paging', () => {
    const cpu = ready();
    expect(write(cpu, 4, CR4.PAE)).toBe('none');
    expect(write(cpu, 0, CR0.PE | CR0.PG)).toBe('none');
    expect(cpu.w[W.efer]).toBe(EFER.LME | EFER.LMA);
    expect(cpu.w[W.mode]! & (MODE.LMA | MODE.CODE)).toBe(MODE.LMA | MODE.CODE_32);
    expect(cpu.faultOf(() => cpu.call.writeMsr!(EFER_MSR, 0, 0))).toEqual(GP0);
    expect(write(cpu, 4, 0)).toEqual(GP0);
    expect(write(cpu, 0, CR0.PE)).toBe('none');
    expect(cpu.w[W.efer]).toBe(EFER.LME);
  });

  test('#GP(0) without PAE, and with a 16-bit TSS', () => {
    const cpu = ready();
    expect(write(cpu, 0, CR0.PE | CR0.PG)).toEqual(GP0);
    write(cpu, 4, CR4.PAE);
    cpu.w[W.attributes + TR] = 0x83;
    expect(write(cpu, 0, CR0.PE | CR0.PG)).toEqual(GP0);
    expect(cpu.w[W.cr0]).toBe(CR0.PE | CR0.ET);
  });

  test('64-bit code cannot switch paging off', () => {
    expect(write(new FakeCpu('long'), 0, CR0.PE)).toEqual(GP0);
  });
});

test('PAE paging loads four PDPTEs and refuses reserved bits (SDM 3A 4.4.1)', () => {
  const cpu = new FakeCpu('protected');
  write(cpu, 4, CR4.PAE);
  write(cpu, 3, CR3_TABLE);
  cpu.put64(CR3_TABLE + 16, 0x123456001n);
  expect(write(cpu, 0, CR0.PE | CR0.PG)).toBe('none');
  expect(cpu.state.get('pdpte', 2)).toBe(0x123456001n);
  cpu.put64(CR3_TABLE, 0x7n);
  const before = cpu.pagingChanges;
  expect(write(cpu, 3, CR3_TABLE)).toEqual(GP0);
  expect(cpu.pagingChanges).toBe(before);
});

test('LMSW sets PE and cannot clear it; CLTS', () => {
  const cpu = new FakeCpu('real');
  cpu.call.loadMachineStatus!(CR0.PE | CR0.TS);
  cpu.call.loadMachineStatus!(CR0.TS);
  expect(cpu.w[W.cr0]! & 15).toBe(CR0.PE | CR0.TS);
  expect(cpu.w[W.mode]! & MODE.NO_X87).not.toBe(0);
  cpu.call.clearTaskSwitched!();
  expect([cpu.w[W.cr0]! & CR0.TS, cpu.w[W.mode]! & MODE.NO_X87]).toEqual([0, 0]);
});

test('XCR0 takes x87 and SSE once CR4.OSXSAVE is set (SDM 2B XSETBV)', () => {
  const cpu = new FakeCpu('protected');
  expect(cpu.faultOf(() => cpu.call.writeXcr!(0, 3, 0))).toEqual([VECTOR.UD, -1]);
  write(cpu, 4, CR4.OSXSAVE);
  cpu.call.writeXcr!(0, 3, 0);
  expect(cpu.call.readXcr!(0)).toBe(3);
  for (const [index, low] of [
    [0, 2],
    [0, 7],
    [1, 3],
  ] as const) {
    expect(cpu.faultOf(() => cpu.call.writeXcr!(index, low, 0))).toEqual(GP0);
  }
  cpu.call.cpuid!(1, 0);
  expect((cpu.w[W.gpr + 2]! >>> 27) & 1).toBe(1);
});

describe('MSRs (SDM 2B RDMSR, WRMSR)', () => {
  test('unknown numbers and refused values are #GP(0)', () => {
    const cpu = new FakeCpu('long');
    expect(cpu.faultOf(() => cpu.call.readMsr!(0x12345))).toEqual(GP0);
    expect(cpu.faultOf(() => cpu.call.writeMsr!(0xc0000100, 0, 0x8000))).toEqual(GP0);
    expect(cpu.faultOf(() => cpu.call.writeMsr!(0x277, 2, 0))).toEqual(GP0);
    expect(cpu.faultOf(() => cpu.call.writeMsr!(EFER_MSR, 0x4000, 0))).toEqual(GP0);
  });

  test('a model without long mode has none of its registers', () => {
    const cpu = new FakeCpu('protected', 'qemu32');
    for (const number of [EFER_MSR, 0xc0000082, 0xc0000101]) {
      expect(cpu.faultOf(() => cpu.call.readMsr!(number | 0))).toEqual(GP0);
    }
  });

  test('FS_BASE is the segment base; the TSC can be set and goes on', () => {
    const cpu = new FakeCpu('long');
    cpu.call.writeMsr!(0xc0000100 | 0, 0x12345678, 0x7f);
    expect(cpu.state.get('base', 4)).toBe(0x7f12345678n);
    cpu.call.writeMsr!(0x10, 5, 1);
    expect([cpu.call.readTimeStamp!(), cpu.w[W.hi]]).toEqual([6, 1]);
  });
});

describe('debug registers (SDM 3B 17.2)', () => {
  test('DR4 and DR5 are aliases unless CR4.DE; fixed bits', () => {
    const cpu = new FakeCpu('protected');
    cpu.call.writeDebug!(5, 0, 0);
    expect([cpu.call.readDebug!(7), cpu.call.readDebug!(4)]).toEqual([0x400, 0xffff0ff0 | 0]);
    write(cpu, 4, CR4.DE);
    expect(cpu.faultOf(() => cpu.call.readDebug!(4))).toEqual([VECTOR.UD, -1]);
  });

  test('GD raises #DB with DR6.BD', () => {
    const cpu = new FakeCpu('protected');
    cpu.call.writeDebug!(7, 0x2000, 0);
    expect(cpu.faultOf(() => cpu.call.readDebug!(0))).toEqual([VECTOR.DB, -1]);
    expect(cpu.w[W.dr + 12]! & 0x2000).toBe(0x2000);
  });

  test('matches by kind, length and enable bits', () => {
    const cpu = new FakeCpu('protected');
    const { w } = cpu;
    cpu.call.writeDebug!(0, 0x1000, 0);
    cpu.call.writeDebug!(1, 0x2002, 0);
    cpu.call.writeDebug!(2, 0x3f8, 0);
    expect(breakpointsArmed(w)).toBe(false);
    // 0: execute; 1: write, 4 bytes (aligned down to 2000h); 2: port, 1 byte, not enabled yet.
    cpu.call.writeDebug!(7, 0x02d00005, 0);
    expect([matchInstruction(w, 0x1000, 0), matchInstruction(w, 0x1001, 0)]).toEqual([1, 0]);
    expect([matchData(w, 0x2003, 0, 1, true), matchData(w, 0x2003, 0, 1, false)]).toEqual([2, 0]);
    expect([matchData(w, 0x1ffd, 0, 4, true), matchData(w, 0x2004, 0, 4, true)]).toEqual([2, 0]);
    cpu.call.writeDebug!(7, 0x02d00035, 0);
    expect(matchPort(w, 0x3f8, 1)).toBe(0);
    write(cpu, 4, CR4.DE);
    expect(matchPort(w, 0x3f8, 1)).toBe(4);
    cpu.call.portOut!(0x3f8, 1, 0x41);
    expect([w[W.debugTrap], cpu.written]).toEqual([4, [[0x3f8, 1, 0x41]]]);
  });
});

describe('port permission (SDM 1 19.5)', () => {
  function user(): FakeCpu {
    const cpu = new FakeCpu('protected');
    cpu.enter(3);
    cpu.w[W.limit + TR] = 0x70;
    cpu.view.setUint16(TSS + 0x66, 0x68, true);
    cpu.view.setUint8(TSS + 0x68, 0b11110011);
    return cpu;
  }
  const tryPort = (cpu: FakeCpu, port: number, size: number) => cpu.faultOf(() => cpu.call.portIn!(port, size));

  test('the bitmap decides below IOPL, for each byte of the access', () => {
    const cpu = user();
    expect(tryPort(cpu, 2, 2)).toBe('none');
    expect(tryPort(cpu, 3, 2)).toEqual(GP0);
    expect(tryPort(cpu, 0x40, 1)).toEqual(GP0);
    cpu.w[W.rflags] = FLAG.IOPL;
    expect(tryPort(cpu, 0x40, 1)).toBe('none');
    cpu.w[W.rflags] = FLAG.IOPL | FLAG.VM;
    expect(tryPort(cpu, 3, 2)).toEqual(GP0);
  });
});

test('LAR, LSL, VERR and VERW tell what may be seen (SDM 2A, 2B)', () => {
  const cpu = new FakeCpu('protected');
  cpu.enter(3);
  const seen = (name: string, selector: number): [number, number] => [cpu.call[name]!(selector), cpu.w[W.hi]!];
  expect(seen('accessRights', SEL.DATA3)).toEqual([0xcff300, 1]);
  expect(seen('segmentLimit', SEL.DATA3)).toEqual([-1, 1]);
  expect(seen('accessRights', SEL.DATA0)[1]).toBe(0);
  expect(seen('segmentLimit', 0x200)[1]).toBe(0);
  expect([cpu.call.canRead!(SEL.CODE3), cpu.call.canWrite!(SEL.CODE3), cpu.call.canWrite!(SEL.DATA3)]).toEqual([
    1, 0, 1,
  ]);
});

test('LTR marks its TSS busy and takes sixteen bytes in IA-32e mode; LLDT refuses what is no LDT', () => {
  const cpu = new FakeCpu('long');
  cpu.describe(SEL.FREE, 0x12345678, 0x67, 0x89);
  cpu.put64(0x1000 + SEL.FREE + 8, 0xffff8880n);
  cpu.call.loadTaskRegister!(SEL.FREE);
  expect([cpu.state.get('base', TR), cpu.typeByte(SEL.FREE)]).toEqual([0xffff888012345678n, 0x8b]);
  expect(cpu.faultOf(() => cpu.call.loadTaskRegister!(SEL.FREE))).toEqual([VECTOR.GP, SEL.FREE]);
  expect(cpu.faultOf(() => cpu.call.loadLdtr!(SEL.FREE))).toEqual([VECTOR.GP, SEL.FREE]);
  expect(cpu.faultOf(() => cpu.call.loadLdtr!(0))).toBe('none');
});

test('POPF changes IF and IOPL only as far as CPL and IOPL allow (SDM 2B table 4-15)', () => {
  const cpu = new FakeCpu('protected');
  cpu.call.popFlags!(FLAG.IF | FLAG.IOPL | FLAG.VM | FLAG.RF, 4);
  expect(cpu.w[W.rflags]).toBe(FLAG.IF | FLAG.IOPL | 2);
  cpu.enter(3);
  cpu.call.popFlags!(0, 4);
  expect(cpu.w[W.rflags]).toBe(FLAG.IOPL | 2);
  cpu.w[W.rflags] = FLAG.IF | 2;
  cpu.call.popFlags!(FLAG.IOPL, 4);
  expect(cpu.w[W.rflags]).toBe(FLAG.IF | 2);
  expect(cpu.faultOf(() => cpu.call.setInterruptFlag!())).toEqual(GP0);
  expect(cpu.state.get('gpr', RAX)).toBe(0n);
});
