import { describe, expect, it } from 'vitest';
import { CR0, CR4, EFER, RAX, RBX, RCX, W } from '../../src/cpu/state.ts';
import { TEST_TIERS, type TestTier } from '../support/tiers.ts';
import { Guest } from './guest.ts';

const [PRESENT_WRITABLE, USER, GLOBAL] = [3, 4, 0x100];
const KEEP = 1n << 63n;
/** Page tables of two address spaces, each named by a process-context identifier. */
const ROOTS = [0x20001, 0x30002] as const;
const FROM = 0x10000;
/** Mapped differently in the two: to FRAMES, each in its own. */
const PLACE = 0x12000;
const FRAMES = [0x14000, 0x16000, 0x18000] as const;
const MOV_CR3_RAX = [0x0f, 0x22, 0xd8];
const INVLPG_RBX = [0x0f, 0x01, 0x3b];
const MOV_ECX_RBX = [0x8b, 0x0b];
const MOV_RBX_ECX = [0x89, 0x0b];
const JMP_RBX = [0xff, 0xe3];
const HLT = 0xf4;
/** mov ecx, number; hlt */
const giving = (number: number): number[] => [0xb9, number, 0, 0, 0, HLT];

/** 64-bit code with 4 KiB pages, identity in the first 2 MiB but for PLACE; what is not there is global. */
class Contexts extends Guest {
  readonly #placed = new Map<string, number>();

  constructor(tier: TestTier) {
    super(tier, { hot: 1 });
    const { vcpu, ram } = this;
    ROOTS.forEach((root, n) => {
      const base = root & ~0xfff;
      for (let level = 0; level < 3; level++) {
        const table = base + level * 0x1000;
        ram.i32[table / 4] = (table + 0x1000) | PRESENT_WRITABLE | USER;
      }
      for (let page = 0; page < 512; page++) this.map(n, page << 12, page << 12, GLOBAL);
      this.map(n, PLACE, FRAMES[n]!);
    });
    vcpu.w[W.cr3] = ROOTS[0];
    vcpu.w[W.cr4]! |= CR4.PAE | CR4.PGE | CR4.PCIDE;
    vcpu.w[W.efer]! |= EFER.LME | EFER.LMA;
    vcpu.w[W.cr0]! |= CR0.PG;
    vcpu.writeState(vcpu.state);
  }

  map(context: number, linear: number, frame: number, bits = 0): void {
    const table = (ROOTS[context]! & ~0xfff) + 0x3000;
    this.ram.i32[table / 4 + 2 * (linear >> 12)] = frame | PRESENT_WRITABLE | bits;
  }

  /** Loads CR3, runs the code, and gives ECX. */
  in(context: number, code: readonly number[], { keep = true, ecx = 0 } = {}): number {
    const { vcpu, ram } = this;
    const { state, w } = vcpu;
    const key = code.join();
    const at = this.#placed.get(key) ?? FROM + 64 * this.#placed.size;
    if (!this.#placed.has(key)) ram.u8.set([...MOV_CR3_RAX, ...code, HLT], at);
    this.#placed.set(key, at);
    state.set('rip', BigInt(at));
    state.set('gpr', BigInt(ROOTS[context]!) | (keep ? KEEP : 0n), RAX);
    state.set('gpr', BigInt(PLACE), RBX);
    state.set('gpr', BigInt(ecx), RCX);
    expect(vcpu.run(100).reason).toBe('halt');
    w[W.halted] = 0;
    return w[W.gpr + 2 * RCX]!;
  }
}

describe.each(TEST_TIERS)('process-context identifiers (SDM 3A 4.10), %s', (tier) => {
  it('each has its own data, and its own code', () => {
    const guest = new Contexts(tier);
    for (const n of [0, 1]) guest.ram.i32[FRAMES[n]! / 4] = 10 + n;
    for (const n of [0, 1, 0, 1, 1, 0]) expect(guest.in(n, MOV_ECX_RBX)).toBe(10 + n);
    for (const n of [0, 1, 0, 1]) guest.in(n, MOV_RBX_ECX, { ecx: 20 + n });
    for (const n of [0, 1]) expect(guest.ram.i32[FRAMES[n]! / 4]).toBe(20 + n);
    for (const n of [0, 1]) guest.ram.u8.set(giving(30 + n), FRAMES[n]!);
    for (const n of [0, 1, 0, 1, 1, 0]) expect(guest.in(n, JMP_RBX)).toBe(30 + n);
  });

  it('translations are made anew where CR3 is loaded without bit 63', () => {
    const guest = new Contexts(tier);
    FRAMES.forEach((frame, n) => {
      guest.ram.u8.set(giving(40 + n), frame);
    });
    const pairs = (): number[] => [0, 1].map((n) => guest.in(n, JMP_RBX, { keep: n === 0 }));
    for (let round = 0; round < 3; round++) expect(pairs()).toEqual([40, 41]);
    guest.map(1, PLACE, FRAMES[2]);
    for (let round = 0; round < 3; round++) expect(pairs()).toEqual([40, 42]);
    const data = guest.ram.i32[FRAMES[2] / 4]!;
    expect(guest.in(1, MOV_ECX_RBX, { keep: false })).toBe(data);
  });

  it('what another one writes to its page of code runs', () => {
    const guest = new Contexts(tier);
    guest.map(1, PLACE, FRAMES[0]);
    const [instruction] = new Int32Array(Uint8Array.from(giving(5).slice(0, 4)).buffer);
    guest.ram.u8.set(giving(5), FRAMES[0]);
    // Its writes are known to go to a page without code.
    guest.in(0, MOV_RBX_ECX, { ecx: instruction! });
    for (const number of [5, 6, 7, 8]) {
      const changed = (instruction! & ~0xff00) | (number << 8);
      guest.in(0, MOV_RBX_ECX, { ecx: changed });
      expect(guest.in(1, JMP_RBX)).toBe(number);
    }
  });

  it('INVLPG drops a global page for all', () => {
    const guest = new Contexts(tier);
    FRAMES.forEach((frame, n) => {
      guest.ram.i32[frame / 4] = 50 + n;
    });
    expect(guest.in(0, MOV_ECX_RBX)).toBe(50);
    for (const context of [0, 1]) guest.map(context, PLACE, FRAMES[0], GLOBAL);
    guest.in(0, INVLPG_RBX);
    for (const n of [0, 1, 0, 1]) expect(guest.in(n, MOV_ECX_RBX)).toBe(50);
    for (const context of [0, 1]) guest.map(context, PLACE, FRAMES[1], GLOBAL);
    guest.in(1, INVLPG_RBX);
    for (const n of [0, 1]) expect(guest.in(n, MOV_ECX_RBX)).toBe(51);
  });

  it('INVLPG drops a page of the current one', () => {
    const guest = new Contexts(tier);
    FRAMES.forEach((frame, n) => {
      guest.ram.u8.set(giving(60 + n), frame);
    });
    for (const n of [0, 1, 0, 1]) expect(guest.in(n, JMP_RBX)).toBe(60 + n);
    guest.map(1, PLACE, FRAMES[2]);
    guest.in(1, INVLPG_RBX);
    for (const n of [0, 1, 0, 1]) expect(guest.in(n, JMP_RBX)).toBe([60, 62][n]);
  });
});

describe('CR4.PCIDE and CR3 (SDM 3A 4.10.1, 2B MOV-Control Registers)', () => {
  it('bit 63 is not stored', () => {
    const guest = new Contexts('interp');
    guest.in(1, MOV_ECX_RBX);
    expect(guest.vcpu.state.get('cr3')).toBe(BigInt(ROOTS[1]));
  });
});
