import { describe, expect, test } from 'vitest';
import { FakeCpu } from '../../../test/support/fake-cpu.ts';
import { VECTOR } from '../fault.ts';
import { W } from '../state.ts';

const AREA = 0x8000;

/** TOP 7: ST(0) = 1.0, ST(1) = 0 (physical register 0), ST(2) an infinity; the rest is empty. */
function loaded(): FakeCpu {
  const cpu = new FakeCpu('protected');
  const { w } = cpu;
  cpu.call.x87Initialise!();
  cpu.call.x87LoadConstant!(0);
  cpu.call.x87LoadConstant!(6);
  w[W.fsw] = 0x3800;
  w[W.ftw] = 0x83;
  w.set([0, 0x80000000, 0x3fff], W.st + 4 * 7);
  w.set([0, 0, 0], W.st);
  w.set([0, 0x80000000, 0x7fff], W.st + 4);
  w[W.fip] = 0x12345;
  w[W.fcs] = 0x18;
  w[W.fdp] = 0x6789a;
  w[W.fds] = 0x20;
  return cpu;
}

/** Physical register 7 valid, 0 zero, 1 special, the others empty. */
const TAGS = 0x3ff9;

describe('FNSTENV and FLDENV (SDM 1 8.1.10)', () => {
  test('32-bit protected mode', () => {
    const cpu = loaded();
    cpu.call.x87StoreEnvironment!(AREA, 0, 1, 0);
    expect(cpu.get32(AREA, 7)).toEqual([0xffff037f, 0xffff3800, 0xffff0000 + TAGS, 0x12345, 0x18, 0x6789a, 0xffff0020]);
  });

  test('16-bit real-address mode holds linear addresses', () => {
    const cpu = loaded();
    cpu.w[W.fip] = 0x1234;
    cpu.w[W.fcs] = 0xa000;
    cpu.call.x87StoreEnvironment!(AREA, 0, 0, 1);
    const words = Array.from({ length: 7 }, (_, i) => cpu.view.getUint16(AREA + 2 * i, true));
    expect(words).toEqual([0x37f, 0x3800, TAGS, 0x1234, 0xa000, 0x7a9a, 0x6000]);
  });

  test('storing masks all exceptions, loading brings masks and waiting exceptions back', () => {
    const cpu = loaded();
    cpu.w[W.fcw] = 0x37b;
    cpu.w[W.fsw] |= 0x8084;
    cpu.call.x87StoreEnvironment!(AREA, 0, 1, 0);
    expect([cpu.w[W.fcw], cpu.w[W.fsw]]).toEqual([0x37f, 0x3804]);
    cpu.call.x87LoadEnvironment!(AREA, 0, 1, 0);
    expect([cpu.w[W.fcw], cpu.w[W.fsw], cpu.w[W.ftw], cpu.w[W.fip]]).toEqual([0x37b, 0xb884, 0x83, 0x12345]);
  });

  test('a page fault leaves the masks', () => {
    const cpu = loaded();
    cpu.w[W.fcw] = 0x340;
    cpu.faulting.add(9);
    expect(cpu.faultOf(() => cpu.call.x87StoreEnvironment!(0x8ff0, 0, 1, 0))).toEqual([VECTOR.PF, 0]);
    expect(cpu.w[W.fcw]).toBe(0x340);
  });
});

describe('FNSAVE and FRSTOR', () => {
  test.each([
    [1, 0],
    [0, 0],
    [1, 1],
    [0, 1],
  ])('what was saved comes back (32-bit: %i, real: %i)', (wide, real) => {
    const cpu = loaded();
    const registers = [...cpu.w.subarray(W.st, W.st + 32)];
    cpu.call.x87Save!(AREA, 0, wide, real);
    expect([cpu.w[W.fcw], cpu.w[W.fsw], cpu.w[W.ftw]]).toEqual([0x37f, 0, 0]);
    cpu.w.fill(0, W.st, W.st + 32);
    cpu.call.x87Restore!(AREA, 0, wide, real);
    expect([cpu.w[W.fcw], cpu.w[W.fsw], cpu.w[W.ftw]]).toEqual([0x37f, 0x3800, 0x83]);
    expect([...cpu.w.subarray(W.st, W.st + 32)]).toEqual(registers);
  });
});

test('clearing exceptions or masking them ends the wait', () => {
  const cpu = loaded();
  cpu.w[W.fcw] = 0x37b;
  cpu.w[W.fsw] |= 0x8084;
  cpu.call.x87LoadControl!(0x37f);
  expect(cpu.w[W.fsw]).toBe(0x3804);
  cpu.call.x87LoadControl!(0x37b);
  expect(cpu.w[W.fsw]! & 0x8080).toBe(0x8080);
  cpu.call.x87ClearExceptions!();
  expect(cpu.w[W.fsw]).toBe(0x3800);
});
