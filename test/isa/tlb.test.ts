import { describe, expect, it } from 'vitest';
import { CR0, CR4, RBX, W } from '../../src/cpu/state.ts';
import { TEST_TIERS } from '../support/tiers.ts';
import { Guest } from './guest.ts';
import { Image, MEMORY } from './image.ts';

const PRESENT_WRITABLE = 3;
const OTHER = 0x200000;
/** or dword [rbx], 80h */
const OR_MEMORY = Uint8Array.of(0x81, 0x0b, 0x80, 0, 0, 0);
const OR_MEMORY_64 = Uint8Array.of(0x48, ...OR_MEMORY);

/** 2 MiB pages: identity in the first GiB; 4 GiB stands for 2 MiB. */
function enablePaging({ vcpu, ram }: Guest): void {
  ram.i32[0x1000 / 4] = 0x2000 | PRESENT_WRITABLE;
  ram.i32[0x2000 / 4] = 0x3000 | PRESENT_WRITABLE;
  ram.i32[0x2000 / 4 + 2 * 4] = 0x4000 | PRESENT_WRITABLE;
  ram.i32[0x3000 / 4] = 0x80 | PRESENT_WRITABLE;
  ram.i32[0x4000 / 4] = OTHER | 0x80 | PRESENT_WRITABLE;
  vcpu.w[W.cr3] = 0x1000;
  vcpu.w[W.cr4] |= CR4.PAE | CR4.PSE;
  vcpu.w[W.cr0] |= CR0.PG;
  vcpu.writeState(vcpu.state);
}

describe.each(TEST_TIERS)('linear addresses that differ in their upper half, %s', (tier) => {
  it.each([
    ['32', OR_MEMORY],
    ['64', OR_MEMORY_64],
  ])('are two places for a read-modify-write of %s bits', (_, instruction) => {
    const guest = new Guest(tier);
    enablePaging(guest);
    const image = new Image();
    for (const [address, physical] of [
      [BigInt(MEMORY), MEMORY],
      [(1n << 32n) | BigInt(MEMORY), OTHER + MEMORY],
    ] as const) {
      guest.ram.i32[OTHER / 4 + MEMORY / 4] = 1;
      image.memory[0] = 1;
      image.setGpr(RBX, address);
      guest.run(image, instruction);
      expect(guest.ram.i32[physical / 4]).toBe(0x81);
    }
  });
});
