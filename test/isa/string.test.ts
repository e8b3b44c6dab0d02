import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/cpu/state.ts';
import { DATA, PAGE, type State, stateOf } from './cases.ts';
import { TestMachine } from './machine.ts';

const RCX = 1;
const RSI = 6;
const RDI = 7;

function prepared(from: number, to: number, count: number, flags = 0): State {
  const state = stateOf(1, true);
  state.regs[RSI] = BigInt(DATA + from);
  state.regs[RDI] = BigInt(DATA + to);
  state.regs[RCX] = BigInt(count);
  state.flags = 2 | flags;
  return state;
}

/** The state after so many iterations. */
function run(tier: 'eval' | 'interp', hex: string, before: State, instructions: number): State {
  return new TestMachine(tier, 64).run(Buffer.from(hex, 'hex'), before, instructions);
}

type Case = readonly [name: string, hex: string, from: number, to: number, count: number, flags: number];
const CASES: readonly Case[] = [
  ['REP MOVSB apart', 'f3a4', 0x100, 0x800, 300, 0],
  ['REP MOVSQ apart', 'f348a5', 0x100, 0x800, 100, 0],
  ['REP MOVSD misaligned', 'f3a5', 0x103, 0x801, 100, 0],
  ['REP MOVSB that repeats a pattern', 'f3a4', 0x100, 0x103, 300, 0],
  ['REP MOVSW downwards over itself', 'f366a5', 0x110, 0x100, 200, 0],
  ['REP MOVSQ of a few', 'f348a5', 0x100, 0x800, 3, 0],
  ['REP MOVSB down', 'f3a4', 0x2ff, 0x7ff, 300, FLAG.DF],
  ['REP MOVSQ down', 'f348a5', 0x3f8, 0x9f8, 100, FLAG.DF],
  ['REP MOVSD down, misaligned', 'f3a5', 0x2fb, 0x7fd, 100, FLAG.DF],
  ['REP MOVSB down that repeats a pattern', 'f3a4', 0x403, 0x400, 300, FLAG.DF],
  ['REP MOVSW down, upwards over itself', 'f366a5', 0x400, 0x410, 200, FLAG.DF],
  ['REP STOSD down', 'f3ab', 0, 0x524, 100, FLAG.DF],
  ['REP STOSB', 'f3aa', 0, 0x123, 500, 0],
  ['REP STOSW', 'f366ab', 0, 0x124, 100, 0],
  ['REP STOSQ', 'f348ab', 0, 0x120, 100, 0],
  ['REP STOSD misaligned', 'f3ab', 0, 0x121, 100, 0],
];

describe.each(['eval', 'interp'] as const)('many iterations at once (%s)', (tier) => {
  it.each(CASES)('%s: as single iterations do it', (_name, hex, from, to, count, flags) => {
    const single = new TestMachine(tier, 64);
    let wanted = prepared(from, to, count, flags);
    for (let n = 0; n < count; n++) wanted = single.run(Buffer.from(hex, 'hex'), wanted);
    expect(run(tier, hex, prepared(from, to, count, flags), count)).toEqual(wanted);
  });

  it('counts every iteration', () => {
    const after = run(tier, 'f3a4', prepared(0x100, 0x800, 300), 200);
    expect(after.regs[RCX]).toBe(100n);
    expect(after.regs[RSI]).toBe(BigInt(DATA + 0x100 + 200));
  });

  it('stops at the end of a page, downwards too', () => {
    const [up, down] = [prepared(PAGE - 0x40, 0x100, 16), prepared(0x38, 0x800, 16, FLAG.DF)];
    for (const [state, moved] of [
      [up, 0x40],
      [down, -0x40],
    ] as const) {
      const after = run(tier, 'f348a5', state, 8);
      expect([after.regs[RCX], after.regs[RSI]]).toEqual([8n, state.regs[RSI]! + BigInt(moved)]);
    }
  });

  it('stops at a page that cannot be written, with the registers of what is done', () => {
    const after = run(tier, 'f348ab', prepared(0, PAGE - 0x200, 100), 100);
    expect(after).toMatchObject({ vector: 14, rip: 0x100800n });
    expect([after.regs[RCX], after.regs[RDI]]).toEqual([36n, BigInt(DATA + PAGE)]);
  });
});
