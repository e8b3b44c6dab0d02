import { describe, expect, it } from 'vitest';
import { Tiers } from './compare.ts';
import { generate } from './generate.ts';
import { INT_END, INT_SWAP } from './handlers.ts';
import { CODE, DATA, OVERLAY, RECOVERY, UNMAPPED } from './layout.ts';
import { assemble, le, raw } from './program.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

/** EMU_DIFF_SEEDS runs more of them; run.ts shrinks what fails. */
const SEEDS = Number(process.env.EMU_DIFF_SEEDS ?? 24);

describe('random programs', () => {
  const tiers = new Tiers();

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('seed %i ends alike in all tiers', (seed) => {
    const program = generate(seed);
    const difference = tiers.difference(program);
    if (difference !== undefined) expect.fail(report(program, difference));
  });

  it.each([3, 0])('a branch on the carry of IMUL, in world %i', (world) => {
    // mov ecx,4000; l: imul eax,ecx,1234567h; jbe l2; inc ebx; l2: dec ecx; jnz l
    const code = [
      0xb9, 0xa0, 0x0f, 0, 0, 0x69, 0xc1, 0x67, 0x45, 0x23, 0x01, 0x76, 2, 0xff, 0xc3, 0xff, 0xc9, 0x75, 0xf2,
    ];
    const items = [raw(code, 'loop'), raw([0xcd, INT_END], 'end')];
    const program = { ...generate(world), sections: [{ at: CODE, items }], tables: [], hot: 2, slices: [100_000] };
    expect(tiers.difference(program)).toBeUndefined();
  });

  it('single-stepping an instruction on two pages, the second of which has changed', () => {
    const bridge = OVERLAY[0] - 2;
    const near = (at: number): number[] => le(bridge - (at + 5), 4);
    // call bridge; int swap; pushf; or [esp],100h; popf; call bridge
    const first = [0xe8, ...near(CODE), 0xcd, INT_SWAP, 0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d];
    const code = [...first, 0xe8, ...near(CODE + first.length)];
    const sections = [
      { at: CODE, items: [raw(code), raw([0xcd, INT_END], 'end')] },
      { at: bridge, items: [raw([0xb8, 1])] },
      ...OVERLAY.map((at, n) => ({ at, items: [raw([n, n, n, 0xc3])] })),
    ];
    const program = { ...generate(3), sections, tables: [], slices: [100_000], interrupts: false };
    expect(tiers.difference(program)).toBeUndefined();
  });

  it('a fault of a region that may not run, where another one has just ended', () => {
    const code: number[] = [];
    const put = (...bytes: number[]): number => code.push(...bytes) + CODE;
    // mov [recovery],end; mov edx,6
    put(0xc7, 0x04, 0x25, ...le(RECOVERY, 4), ...le(CODE + 0x80, 4));
    const outer = put(0xba, ...le(6, 4));
    // mov esi,data
    const again = put(0xbe, ...le(DATA, 4));
    // mov ecx,8; l: inc edi; dec ecx; jnz l
    put(0xb9, ...le(8, 4), 0xff, 0xc7, 0xff, 0xc9, 0x75, 0xfa);
    // mov eax,[rsi]; call to the other page; dec edx; jnz outer
    const behind = put(0x8b, 0x06, 0xe8) + 4;
    put(...le(OVERLAY[0] - behind, 4), 0xff, 0xca);
    const jump = put(0x75) + 1;
    put((outer - jump) & 255);
    // int swap; mov esi,unmapped; jmp again
    const last = put(0xcd, INT_SWAP, 0xbe, ...le(UNMAPPED, 4), 0xe9) + 4;
    put(...le(again - last, 4));
    const sections = [
      { at: CODE, items: [raw(code)] },
      { at: CODE + 0x80, items: [raw([0xcd, INT_END], 'end')] },
      ...OVERLAY.map((at) => ({ at, items: [raw([0xc3])] })),
    ];
    const program = { ...generate(0), sections, tables: [], hot: 3, slices: [100_000], interrupts: false };
    expect(tiers.difference(program)).toBeUndefined();
  });

  it.each([0, 3])('REP MOVS that overwrites itself, in world %i', (world) => {
    // mov ecx,16; mov esi,the NOPs; mov edi,the first byte here; rep movsd
    const code = [0xb9, ...le(16, 4), 0xbe, ...le(CODE + 32, 4), 0xbf, ...le(CODE, 4), 0xf3, 0xa5];
    const items = [raw([...code, ...new Array<number>(96).fill(0x90)]), raw([0xcd, INT_END], 'end')];
    const program = { ...generate(world), sections: [{ at: CODE, items }], tables: [], slices: [100_000] };
    expect(tiers.difference(program)).toBeUndefined();
  });

  it('the same seed makes the same program', () => {
    expect(assemble(generate(7)).pieces).toEqual(assemble(generate(7)).pieces);
  });

  it('shrinking keeps what fails', () => {
    const program = generate(5);
    const guilty = raw([0x90], 'guilty');
    const [main, ...rest] = program.sections;
    const seeded = { ...program, sections: [{ ...main!, items: [...main!.items, guilty] }, ...rest] };
    const small = shrink(seeded, ({ sections }) => sections[0]!.items.includes(guilty));
    expect(small.sections[0]!.items.filter(({ label, text }) => label === undefined && text !== 'end')).toEqual([
      guilty,
    ]);
  });
});
