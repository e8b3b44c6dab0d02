import { describe, expect, it } from 'vitest';
import { VECTOR } from '../../src/cpu/fault.ts';
import { CR0, CR4, RBX, RDI, W } from '../../src/cpu/state.ts';
import { TEST_TIERS } from '../support/tiers.ts';
import { Guest } from './guest.ts';
import { Image, MEMORY } from './image.ts';

const code = (text: string): Uint8Array => Uint8Array.from(text.split(' ').map((byte) => Number.parseInt(byte, 16)));
const DIVPD = code('66 0f 5e c1');
const ADDPS = code('0f 58 c1');
const PADDB_MM = code('0f fc c1');
const CVTPI2PS = code('0f 2a c1');
const MOVNTI = code('0f c3 03');
const PREFETCH = code('0f 18 0b');
const MFENCE = code('0f ae f0');
const LDMXCSR = code('0f ae 13');
const MOVUPS_TO_RBX = code('0f 11 0b');
const MOVUPS_FROM_RBX = code('0f 10 0b');
const MASKMOVDQU = code('66 0f f7 ca');

const PAGE = 4096;
const PRESENT_WRITABLE = 3;
const ABSENT = MEMORY + 2 * PAGE;
/** Eight bytes before the page that is not there. */
const CROSSING = ABSENT - 8;

const blank = (): Image => {
  const image = new Image();
  image.mxcsr = 0x1f80;
  image.fcw = 0x37f;
  image.rflags = 2;
  image.setGpr(RBX, BigInt(MEMORY));
  return image;
};
const vectorOf = (guest: Guest, instruction: Uint8Array): number => guest.run(blank(), instruction).vector;

/** Identity pages for the first 2 MiB, without the one at ABSENT. */
function enablePaging(guest: Guest): void {
  const { vcpu, ram } = guest;
  ram.i32[0x1000 / 4] = 0x2000 | PRESENT_WRITABLE;
  ram.i32[0x2000 / 4] = 0x3000 | PRESENT_WRITABLE;
  ram.i32[0x3000 / 4] = 0x4000 | PRESENT_WRITABLE;
  for (let page = 0; page < 512; page++) {
    if (page !== ABSENT / PAGE) ram.i32[0x4000 / 4 + 2 * page] = (page * PAGE) | PRESENT_WRITABLE;
  }
  vcpu.w[W.cr3] = 0x1000;
  vcpu.w[W.cr4] |= CR4.PAE;
  vcpu.w[W.cr0] |= CR0.PG;
  vcpu.writeState(vcpu.state);
}

describe.each(TEST_TIERS)('faults of vector instructions, %s', (tier) => {
  it('need CR4.OSFXSR for XMM registers only', () => {
    const guest = new Guest(tier);
    guest.vcpu.w[W.cr4] &= ~CR4.OSFXSR;
    for (const instruction of [ADDPS, CVTPI2PS, LDMXCSR, MOVUPS_FROM_RBX]) {
      expect(vectorOf(guest, instruction)).toBe(VECTOR.UD);
    }
    for (const instruction of [PADDB_MM, MOVNTI, PREFETCH, MFENCE]) expect(vectorOf(guest, instruction)).toBe(0);
  });

  it.each([
    ['CR0.TS', CR0.TS, VECTOR.NM],
    ['CR0.EM', CR0.EM, VECTOR.UD],
  ])('are raised under %s', (_, bit, vector) => {
    const guest = new Guest(tier);
    guest.vcpu.w[W.cr0] |= bit;
    for (const instruction of [ADDPS, PADDB_MM, CVTPI2PS]) expect(vectorOf(guest, instruction)).toBe(vector);
    for (const instruction of [MOVNTI, PREFETCH, MFENCE]) expect(vectorOf(guest, instruction)).toBe(0);
  });

  it.each([
    ['#XM', CR4.OSXMMEXCPT, VECTOR.XM],
    ['#UD without CR4.OSXMMEXCPT', 0, VECTOR.UD],
  ])('an unmasked division by zero raises %s and leaves the destination', (_, bit, vector) => {
    const guest = new Guest(tier);
    guest.vcpu.w[W.cr4] = CR4.OSFXSR | bit;
    const before = blank();
    before.mxcsr = 0x1d80;
    new Float64Array(before.xmm(0).buffer, before.xmm(0).byteOffset, 2).set([3, 1]);
    new Float64Array(before.xmm(1).buffer, before.xmm(1).byteOffset, 2).set([7, 0]);
    const after = guest.run(before, DIVPD);
    expect(after.vector).toBe(vector);
    expect(after.xmm(0)).toEqual(before.xmm(0));
    expect(after.mxcsr).toBe(0x1d84);
  });

  it('#GP of LDMXCSR with a reserved bit', () => {
    const before = blank();
    before.memory[2] = 1;
    const after = new Guest(tier).run(before, LDMXCSR);
    expect([after.vector, after.mxcsr]).toEqual([VECTOR.GP, 0x1f80]);
  });

  it('#PF of a store across pages leaves the first page as it was', () => {
    const guest = new Guest(tier);
    enablePaging(guest);
    const before = blank();
    before.xmm(1).fill(0x55);
    before.setGpr(RBX, BigInt(CROSSING));
    guest.ram.u8.fill(0xaa, CROSSING, CROSSING + 8);
    expect(guest.run(before, MOVUPS_TO_RBX).vector).toBe(VECTOR.PF);
    expect(guest.ram.u8.subarray(CROSSING, CROSSING + 8)).toEqual(new Uint8Array(8).fill(0xaa));
    expect(guest.vcpu.state.get('cr2')).toBe(BigInt(ABSENT));
    const after = guest.run(before, MOVUPS_FROM_RBX);
    expect([after.vector, after.xmm(1)]).toEqual([VECTOR.PF, before.xmm(1)]);
  });

  it('MASKMOVDQU faults only for bytes that it writes', () => {
    const guest = new Guest(tier);
    enablePaging(guest);
    const before = blank();
    before.xmm(1).fill(0x55);
    before.setGpr(RDI, BigInt(CROSSING));
    guest.ram.u8.fill(0xaa, CROSSING, CROSSING + 8);
    before.xmm(2)[7] = before.xmm(2)[8] = 0x80;
    expect(guest.run(before, MASKMOVDQU).vector).toBe(VECTOR.PF);
    expect(guest.ram.u8[CROSSING + 7]).toBe(0xaa);
    before.xmm(2)[8] = 0x7f;
    expect(guest.run(before, MASKMOVDQU).vector).toBe(0);
    expect([...guest.ram.u8.subarray(CROSSING + 6, CROSSING + 8)]).toEqual([0xaa, 0x55]);
  });
});
