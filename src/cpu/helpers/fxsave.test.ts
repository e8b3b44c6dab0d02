import { describe, expect, test } from 'vitest';
import { FakeCpu } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { CR4, W } from '../state.ts';

const AREA = 0x8000;
const GP0: [number, number] = [VECTOR.GP, 0];
const X87 = 1;
const SSE = 2;

/** A CPU whose x87 and SSE state is full of different numbers, TOP being 5. */
function busy(mode: 'protected' | 'long' = 'long'): FakeCpu {
  const cpu = new FakeCpu(mode);
  const { w } = cpu;
  w[W.cr4] |= CR4.OSFXSR | CR4.OSXSAVE;
  w[W.xcr0] = X87 | SSE;
  w[W.fcw] = 0x27f;
  w[W.fsw] = 0x2800 | 0x4100;
  w[W.ftw] = 0xe1;
  w[W.fip] = 0x12345678;
  w[W.fip + 1] = 0x9abc;
  w[W.fcs] = 0x10;
  w[W.mxcsr] = 0x9fc0;
  for (let i = 0; i < 8; i++) w.set([0x1000 + i, 0x80000000, 0x3fff + i], W.st + 4 * i);
  for (let i = 0; i < 64; i++) w[W.xmm + i] = 0x40000 + i;
  return cpu;
}

const unitState = (cpu: FakeCpu): number[] => [
  ...[W.fcw, W.fsw, W.ftw, W.mxcsr, W.fip, W.fip + 1].map((word) => cpu.w[word]!),
  ...cpu.w.subarray(W.st, W.st + 32),
  ...cpu.w.subarray(W.xmm, W.xmm + 64),
];

describe('FXSAVE and FXRSTOR (SDM 1 10.5)', () => {
  test('the image has registers in stack order and tags in physical order', () => {
    const cpu = busy();
    cpu.view.setUint32(AREA + 416, 0x5a5a5a5a, true);
    cpu.call.fxsave!(AREA, 0, 1);
    expect(cpu.get32(AREA, 8)).toEqual([0x6900027f, 0xe1, 0x12345678, 0x9abc, 0, 0, 0x9fc0, 0xffff]);
    expect(cpu.get32(AREA + 32, 3)).toEqual([0x1005, 0x80000000, 0x4004]);
    expect(cpu.get32(AREA + 32 + 3 * 16, 3)).toEqual([0x1000, 0x80000000, 0x3fff]);
    expect(cpu.get32(AREA + 160 + 15 * 16, 1)).toEqual([0x40000 + 60]);
    expect(cpu.get32(AREA + 416, 1)).toEqual([0x5a5a5a5a]);
  });

  test('what was saved comes back', () => {
    const cpu = busy();
    const before = unitState(cpu);
    cpu.call.fxsave!(AREA, 0, 1);
    cpu.w.fill(0, W.fcw, W.fdp + 2);
    cpu.w.fill(0, W.st, W.xmm + 64);
    cpu.w[W.mxcsr] = 0;
    cpu.call.fxrstor!(AREA, 0, 1);
    expect(unitState(cpu)).toEqual(before);
  });

  test('XMM8 and above are left alone outside 64-bit mode', () => {
    const cpu = busy('protected');
    cpu.call.fxsave!(AREA, 0, 0);
    expect(cpu.get32(AREA + 160 + 8 * 16, 1)).toEqual([0]);
    expect(cpu.get32(AREA + 8, 2)).toEqual([0x12345678, 0x10]);
  });

  test('an unmasked flag that is loaded waits to be reported', () => {
    const cpu = busy();
    cpu.call.fxsave!(AREA, 0, 1);
    cpu.view.setUint16(AREA, 0x37e, true);
    cpu.view.setUint16(AREA + 2, 0x0001, true);
    cpu.call.fxrstor!(AREA, 0, 1);
    expect(cpu.w[W.fsw]).toBe(0x8081);
  });

  test('#GP(0) for a crooked address or reserved MXCSR bits, #PF, each with nothing changed', () => {
    const cpu = busy();
    const before = unitState(cpu);
    expect(cpu.faultOf(() => cpu.call.fxsave!(AREA + 8, 0, 1))).toEqual(GP0);
    cpu.view.setUint32(AREA + 24, 0x10000, true);
    expect(cpu.faultOf(() => cpu.call.fxrstor!(AREA, 0, 1))).toEqual(GP0);
    cpu.faulting.add(9);
    expect(cpu.faultOf(() => cpu.call.fxsave!(0x8f00, 0, 1))).toEqual([VECTOR.PF, 0]);
    expect(cpu.get32(0x8f00, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(cpu.faultOf(() => cpu.call.fxrstor!(0x8f00, 0, 1))).toEqual([VECTOR.PF, 0]);
    expect(unitState(cpu)).toEqual(before);
  });
});

describe('XSAVE and XRSTOR (SDM 1 13.7, 13.8)', () => {
  test('only the requested components are written, others keep their mark', () => {
    const cpu = busy();
    cpu.put32(AREA + 512, 2);
    cpu.call.xsave!(AREA, 0, 1, X87);
    expect(cpu.get32(AREA + 512, 1)).toEqual([X87 | SSE]);
    expect(cpu.get32(AREA + 24, 1)).toEqual([0]);
    expect(cpu.get32(AREA + 160, 1)).toEqual([0]);
    expect(cpu.get32(AREA + 32, 1)).toEqual([0x1005]);
  });

  test('a component that is not marked takes its initial state', () => {
    const cpu = busy();
    cpu.put32(AREA + 24, 0x1f80);
    cpu.call.xrstor!(AREA, 0, 1, X87 | SSE);
    expect([W.fcw, W.fsw, W.ftw, W.mxcsr].map((word) => cpu.w[word])).toEqual([0x37f, 0, 0, 0x1f80]);
    expect(cpu.w.subarray(W.xmm, W.xmm + 64).every((word) => word === 0)).toBe(true);
  });

  test('what was saved comes back', () => {
    const cpu = busy();
    const before = unitState(cpu);
    cpu.call.xsave!(AREA, 0, 1, -1);
    cpu.call.x87Initialise!();
    cpu.w.fill(0, W.st, W.xmm + 64);
    cpu.call.xrstor!(AREA, 0, 1, -1);
    expect(unitState(cpu)).toEqual(before);
  });

  test('#UD without OSXSAVE; #GP(0) for alignment and for a header that asks for what is not there', () => {
    const cpu = busy();
    expect(cpu.faultOf(() => cpu.call.xsave!(AREA + 16, 0, 1, 3))).toEqual(GP0);
    cpu.put32(AREA + 512, 4);
    expect(cpu.faultOf(() => cpu.call.xrstor!(AREA, 0, 1, 3))).toEqual(GP0);
    cpu.put32(AREA + 512, 3, 0, 1);
    expect(cpu.faultOf(() => cpu.call.xrstor!(AREA, 0, 1, 3))).toEqual(GP0);
    cpu.w[W.cr4] &= ~CR4.OSXSAVE;
    expect(cpu.faultOf(() => cpu.call.xsave!(AREA, 0, 1, 3))).toEqual([VECTOR.UD, -1]);
  });
});
