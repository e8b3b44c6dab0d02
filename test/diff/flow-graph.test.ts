import { expect, test } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { fitsRegion } from '../../src/accel/tcg/jit/calls.ts';
import { buildFlowGraph } from '../../src/accel/tcg/jit/flow-graph.ts';
import { choosePasses } from '../../src/accel/tcg/jit/passes.ts';
import { R } from '../../src/accel/tcg/record.ts';

/** mov ecx,3; again: test cl,1; jnz odd; dec ecx; jnz again; ret; odd: dec ecx; jnz again; ret */
const CODE = Uint8Array.from([
  ...[0xb9, 3, 0, 0, 0, 0xf6, 0xc1, 1, 0x75, 5],
  ...[0xff, 0xc9, 0x75, 0xf7, 0xc3, 0xff, 0xc9, 0x75, 0xf2, 0xc3],
]);
const AGAIN = 5;
const ODD = 15;

test('what regions alone run has kept its heat, and is part of a region that is made again', () => {
  const cpu = new MicroCpu('interp', 64);
  const at = cpu.place(CODE);
  cpu.call(at, 0, 0);
  const { code } = cpu.vcpu;
  const { words } = code.store;
  const [again, odd] = [code.lookup(at + AGAIN, 0), code.lookup(at + ODD, 0)];
  words[again + R.heat] = 1_000_000;
  words[odd + R.heat] = 20_000;
  const rules = { limit: 100, guesses: 8, holds: fitsRegion };
  const blocks = (mostHeat?: number) =>
    buildFlowGraph(again, code, choosePasses(), rules, rules.limit, mostHeat)!.blocks.map(({ low }) => low - at);
  expect(blocks(20_000)).toContain(ODD);
  expect(blocks()).not.toContain(ODD);
});
