import { expect, test } from 'vitest';
import type { Block, Edge } from './flow-graph.ts';
import { structure, successors } from './structure.ts';
import { unrollLoops } from './unroll.ts';

const OUT: Edge = { low: 0x9000, high: 0 };

function block(number: number, instructions: number, next: Edge, taken?: Edge): Block {
  const nodes = new Array<never>(instructions).fill(undefined as never);
  const ends = taken === undefined ? { end: 'jump', next } : { end: 'branch', next, taken };
  return { nodes, low: 0x1000 + 16 * number, high: 0, guesses: [], ...ends } as Block;
}

const to = (block: number): Edge => ({ block });

test('a loop of one block leads to its copies, and the last of them back', () => {
  const blocks = unrollLoops([block(0, 1, to(1)), block(1, 5, OUT, to(1)), block(2, 1, OUT)]);
  expect(blocks.map(successors)).toEqual([[1], [3], [], [4], [5], [1]]);
  for (const copy of [3, 4, 5]) expect(blocks[copy]).toMatchObject({ low: blocks[1]!.low, next: OUT });
});

test('only the inner of two loops is repeated, with each of its blocks', () => {
  const outer = [block(0, 1, to(1)), block(1, 2, to(2)), block(2, 5, to(1), to(3)), block(3, 5, OUT, to(2))];
  const blocks = unrollLoops(outer);
  const { isLoop } = structure(blocks);
  expect(blocks.length).toBe(6);
  expect([...isLoop.keys()].filter((at) => isLoop[at])).toEqual([1, 2]);
  expect(blocks.filter((_, at) => at >= 4).map(({ low }) => low)).toEqual([2, 3].map((at) => blocks[at]!.low));
});

test('a long loop stays as it is', () => {
  const blocks = [block(0, 1, to(1)), block(1, 12, OUT, to(1))];
  expect(unrollLoops(blocks)).toEqual(blocks);
});
