import { describe, expect, test } from 'vitest';
import { FakeCpu, SEL } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { MODE } from '../mode.ts';
import { AR, CS, DS, ES, FS, SS, W } from '../state.ts';

const load = (cpu: FakeCpu, seg: number, selector: number) => cpu.faultOf(() => cpu.call.loadSegment!(seg, selector));
const GP = (code: number): [number, number] => [VECTOR.GP, code];

describe('loads in protected mode (SDM 2B MOV)', () => {
  const cases: [name: string, cpl: 0 | 3, seg: number, selector: number, access: number, fault: unknown][] = [
    ['writable data', 0, DS, SEL.FREE, 0x92, 'none'],
    ['read-only data', 3, DS, SEL.FREE | 3, 0xf0, 'none'],
    ['readable code', 3, ES, SEL.FREE | 3, 0xfa, 'none'],
    ['execute-only code', 0, DS, SEL.FREE, 0x98, GP(SEL.FREE)],
    ['inner data', 3, DS, SEL.FREE | 3, 0x92, GP(SEL.FREE)],
    ['RPL above DPL', 0, DS, SEL.FREE | 3, 0x92, GP(SEL.FREE)],
    ['conforming inner code', 3, DS, SEL.FREE | 3, 0x9e, 'none'],
    ['a system segment', 0, DS, SEL.FREE, 0x89, GP(SEL.FREE)],
    ['absent data', 0, DS, SEL.FREE, 0x12, [VECTOR.NP, SEL.FREE]],
    ['beyond the GDT', 0, DS, 0x100, 0x92, GP(0x100)],
    ['an LDT that is not there', 0, DS, 0x0c, 0x92, GP(0x0c)],
    ['SS: absent', 0, SS, SEL.FREE, 0x12, [VECTOR.SS, SEL.FREE]],
    ['SS: read-only', 0, SS, SEL.FREE, 0x90, GP(SEL.FREE)],
    ['SS: RPL not CPL', 0, SS, SEL.FREE | 3, 0x92, GP(SEL.FREE)],
    ['SS: null', 0, SS, 0, 0x92, GP(0)],
    ['CS', 0, CS, SEL.FREE, 0x9a, [VECTOR.UD, -1]],
    ['register 6', 0, 6, SEL.FREE, 0x92, [VECTOR.UD, -1]],
  ];
  test.each(cases)('%s', (_, cpl, seg, selector, access, fault) => {
    const cpu = new FakeCpu('protected');
    cpu.state.set('limit', 0x2bn, 6);
    cpu.w[W.attributes + 6] = AR.UNUSABLE;
    cpu.describe(SEL.FREE, 0x12345000, 0x7f, access, 0x40);
    cpu.enter(cpl);
    expect(load(cpu, seg, selector)).toEqual(fault);
    if (fault !== 'none') return;
    expect([cpu.w[W.selector + seg], cpu.w[W.limit + seg], cpu.state.get('base', seg)]).toEqual([
      selector,
      0x7f,
      0x12345000n,
    ]);
    expect(cpu.typeByte(SEL.FREE)).toBe(access | AR.ACCESSED);
  });

  test('a null selector loads and every access through it is refused', () => {
    const cpu = new FakeCpu('protected');
    expect(load(cpu, DS, 3)).toBe('none');
    expect(cpu.faultOf(() => cpu.call.segmentRead!(DS, 0, 1))).toEqual(GP(0));
    expect(cpu.w[W.mode]! & (1 << (MODE.FLAT_SHIFT + DS))).toBe(0);
  });

  test('a page-granular limit is in bytes and flat', () => {
    const cpu = new FakeCpu('protected');
    expect(load(cpu, FS, SEL.DATA0)).toBe('none');
    expect([cpu.w[W.limit + FS], cpu.w[W.mode]! & (1 << (MODE.FLAT_SHIFT + FS))]).toEqual([-1, 1 << 9]);
  });
});

test('64-bit mode takes a null SS at CPL 0 with RPL 0 only (SDM 2B MOV)', () => {
  const cpu = new FakeCpu('long');
  expect(load(cpu, SS, 0)).toBe('none');
  expect(load(cpu, SS, 3)).toEqual(GP(0));
  cpu.enter(3);
  expect(load(cpu, SS, 3)).toEqual(GP(0));
});

test('real-address mode keeps limit and size from before (SDM 3A 9.9.2)', () => {
  const cpu = new FakeCpu('real');
  cpu.w[W.limit + DS] = -1;
  load(cpu, DS, 0x1234);
  expect([cpu.state.get('base', DS), cpu.w[W.limit + DS]]).toEqual([0x12340n, -1]);
  expect(cpu.call.segmentWrite!(CS, 0x10, 4)).toBe(0xffff0010 | 0);
  expect(cpu.faultOf(() => cpu.call.segmentRead!(SS, 0xffff, 2))).toEqual([VECTOR.SS, 0]);
});

test('expand-down segments are valid above their limit (SDM 3A 5.3)', () => {
  const cpu = new FakeCpu('protected');
  cpu.describe(SEL.FREE, 0, 0xfff, 0x96);
  load(cpu, DS, SEL.FREE);
  expect(cpu.call.segmentWrite!(DS, 0x1000, 4)).toBe(0x1000);
  expect(cpu.faultOf(() => cpu.call.segmentWrite!(DS, 0xfff, 1))).toEqual(GP(0));
  expect(cpu.faultOf(() => cpu.call.segmentWrite!(DS, 0xfffe, 4))).toEqual(GP(0));
});

test('MOV SS holds off interrupts, LSS does not (SDM 3A 6.8.3)', () => {
  const cpu = new FakeCpu('protected');
  cpu.call.loadSegment!(SS, SEL.DATA0);
  expect(cpu.w[W.interruptShadow]).toBe(0);
  cpu.call.moveToSegment!(SS, SEL.DATA0);
  expect(cpu.w[W.interruptShadow]).toBe(2);
});
