import { describe, expect, it } from 'vitest';
import { CR0, CR4, RAX, RBX, W } from '../../src/cpu/state.ts';
import { TEST_TIERS } from '../support/tiers.ts';
import { Guest } from './guest.ts';

const PRESENT_WRITABLE = 3;
const GLOBAL = 0x100;
const TABLE = 0x4000;
const FROM = 0x10000;
const TO = 0x12000;
const FRAMES = [0x12000, 0x14000] as const;
/** Between the jump and its target: what makes the processor forget a translation. */
const INVLPG_RBX = [0x0f, 0x01, 0x3b];
const MOV_CR3_RAX = [0x0f, 0x22, 0xd8];

/** 4 KiB pages, identity in the first 2 MiB; code at FROM that jumps to TO, where each frame gives its number. */
function prepare({ vcpu, ram }: Guest, forget: readonly number[], bits: number): void {
  ram.i32[0x1000 / 4] = 0x2000 | PRESENT_WRITABLE;
  ram.i32[0x2000 / 4] = 0x3000 | PRESENT_WRITABLE;
  ram.i32[0x3000 / 4] = TABLE | PRESENT_WRITABLE;
  for (let page = 0; page < 512; page++) ram.i32[TABLE / 4 + 2 * page] = (page << 12) | PRESENT_WRITABLE | bits;
  const jump = TO - (FROM + forget.length + 5);
  ram.u8.set([...forget, 0xe9, jump & 0xff, (jump >> 8) & 0xff, 0, 0], FROM);
  // mov ecx, number; hlt
  FRAMES.forEach((frame, number) => {
    ram.u8.set([0xb9, number, 0, 0, 0, 0xf4], frame);
  });
  vcpu.w[W.cr3] = 0x1000;
  vcpu.w[W.cr4] |= CR4.PAE | CR4.PGE;
  vcpu.w[W.cr0] |= CR0.PG;
  vcpu.writeState(vcpu.state);
}

function run({ vcpu }: Guest): number {
  const { state, w } = vcpu;
  state.set('rip', BigInt(FROM));
  state.set('gpr', 0x1000n, RAX);
  state.set('gpr', BigInt(TO), RBX);
  expect(vcpu.run(100).reason).toBe('halt');
  w[W.halted] = 0;
  return w[W.gpr + 2]!;
}

describe.each(TEST_TIERS)('a jump to a page whose frame changes, %s', (tier) => {
  it.each([
    ['INVLPG', INVLPG_RBX, 0],
    ['INVLPG of a global page', INVLPG_RBX, GLOBAL],
    ['MOV CR3', MOV_CR3_RAX, 0],
  ])('goes to the new one after %s', (_, forget, bits) => {
    const guest = new Guest(tier);
    prepare(guest, forget, bits);
    for (const number of [0, 0, 1, 1, 0]) {
      guest.ram.i32[TABLE / 4 + 2 * (TO >> 12)] = FRAMES[number]! | PRESENT_WRITABLE | bits;
      expect(run(guest)).toBe(number);
    }
  });
});
