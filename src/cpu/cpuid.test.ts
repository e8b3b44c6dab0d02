import { describe, expect, test } from 'vitest';
import { MODEL_NAMES, parseCpuModel } from './cpuid.ts';
import { isFeature } from './features.ts';
import { OPCODE_ROWS } from './isa/index.ts';

const text = (...words: number[]): string =>
  words.map((word) => String.fromCharCode(...[0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff))).join('');

describe('parseCpuModel', () => {
  test('takes features away and adds them, with what depends on them', () => {
    const model = parseCpuModel('qemu64,-sse3,+POPCNT,movbe=on');
    expect([model.has('pni'), model.has('sse3'), model.has('popcnt'), model.has('movbe')]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(parseCpuModel('max,-sse').has('sse4_2')).toBe(false);
    expect(parseCpuModel('qemu32,+lm').has('syscall')).toBe(true);
  });

  test.each([
    ['pentium9', /unknown CPU model "pentium9"; valid models are qemu32, qemu64, max/],
    ['', /unknown CPU model ""/],
    ['toString', /unknown CPU model/],
    ['max,+frobnicate', /unknown CPU feature "frobnicate"; valid names are fpu /],
    ['max,+avx', /"avx" is not emulated/],
    ['max,sse3', /write \+sse3 or -sse3/],
    ['max,', /write \+ or -/],
  ])('%s', (given, message) => {
    expect(() => parseCpuModel(given)).toThrow(message);
  });

  test('switching off what is not there is no error', () => {
    expect(parseCpuModel('max,-avx').has('avx')).toBe(false);
  });
});

describe('leaves (SDM 2A CPUID)', () => {
  test('qemu64 is an AMD processor with long mode and without local APIC', () => {
    const model = parseCpuModel('qemu64');
    const [last, ebx, ecx, edx] = model.cpuid(0, 0);
    expect([last, text(ebx, edx, ecx)]).toEqual([0xd, 'AuthenticAMD']);
    const [signature, , , features] = model.cpuid(1, 0);
    expect([signature, (features >>> 9) & 1, features & 1]).toEqual([0x60fb1, 0, 1]);
    expect((model.cpuid(0x80000001, 0)[3] >>> 29) & 1).toBe(1);
    expect(model.cpuid(0x80000008, 0)[0]).toBe(0x3028);
  });

  test('a feature shows in its bit and nowhere when it is off', () => {
    expect((parseCpuModel('max').cpuid(7, 0)[1] >>> 3) & 1).toBe(1);
    expect((parseCpuModel('max,-bmi1').cpuid(7, 0)[1] >>> 3) & 1).toBe(0);
    expect(parseCpuModel('max').cpuid(0xd, 0)).toEqual([3, 576, 576, 0]);
    expect(parseCpuModel('max,-xsave').cpuid(0xd, 0)).toEqual([0, 0, 0, 0]);
  });

  test('beyond the last leaf: zeros on AMD, the last basic leaf on Intel', () => {
    expect(parseCpuModel('max').cpuid(0x20, 0)).toEqual([0, 0, 0, 0]);
    const intel = parseCpuModel('qemu32');
    expect(intel.cpuid(0x20, 0)).toEqual(intel.cpuid(4, 0));
    expect(intel.cpuid(4, 0)[0]).not.toBe(0);
  });

  test.each(MODEL_NAMES)('%s: the brand string is readable', (name) => {
    const model = parseCpuModel(name);
    const brand = [2, 3, 4].map((n) => text(...model.cpuid(0x80000000 + n, 0))).join('');
    expect(brand).toMatch(/^emu Virtual CPU, [a-z0-9 ]+\0*$/);
  });
});

test('every feature that a row asks for can be had', () => {
  const wanted = new Set(OPCODE_ROWS.flatMap((row) => row.options.feature ?? []));
  expect([...wanted].filter((name) => !isFeature(name))).toEqual([]);
});
