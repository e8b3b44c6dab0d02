import { describe, expect, it } from 'vitest';
import { disagreements } from '../bench/disagreements.ts';
import { combine, compare, type Results } from '../bench/micro/results.ts';
import { RoundReader } from '../bench/peers/rounds.ts';
import type { Report } from '../src/bench/report.ts';
import { geometricMean, median, spread } from '../src/bench/statistics.ts';

const results = (figures: Record<string, number>): Results => ({
  commit: 'c',
  date: '2026-01-01',
  cpu: 'cpu',
  node: 'v20',
  figures: Object.fromEntries(Object.entries(figures).map(([name, ns]) => [name, { ns, spread: 0 }])),
});

describe('benchmark statistics', () => {
  it('gives medians, spreads and geometric means', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(spread([9, 10, 13])).toBeCloseTo(0.3);
    expect(geometricMean([2, 8])).toBeCloseTo(4);
  });

  it('keeps the best pass', () => {
    expect(combine([{ a: 12 }, { a: 10 }, { a: 11 }])).toEqual({ a: { ns: 10, spread: 0.09091 } });
  });
});

describe('comparison of micro benchmarks', () => {
  const before = results({ 'interp 32: ADD': 10, 'interp 32: MOV': 8, 'interp 32: LEA': 9, 'devices: PIT': 100 });

  it('finds a group that lost 15 % although no case lost 20 %', () => {
    const after = results({
      'interp 32: ADD': 11.5,
      'interp 32: MOV': 9.2,
      'interp 32: LEA': 10.4,
      'devices: PIT': 100,
    });
    expect(compare(before, after).map(({ name }) => name)).toEqual(['interp 32: all']);
  });

  it('finds one case, slower or faster, the worst first', () => {
    const after = results({ 'interp 32: ADD': 13, 'interp 32: MOV': 8, 'interp 32: LEA': 7, 'devices: PIT': 100 });
    expect(compare(before, after).map(({ name }) => name)).toEqual(['interp 32: ADD', 'interp 32: LEA']);
  });

  it('leaves noise alone', () => {
    const after = results({ 'interp 32: ADD': 11, 'interp 32: MOV': 8.1, 'interp 32: LEA': 8.6, 'devices: PIT': 118 });
    expect(compare(before, after)).toEqual([]);
  });
});

describe('reading of the serial marks', () => {
  function read(text: string): RoundReader {
    let time = 0;
    let count = 0;
    const reader = new RoundReader(
      () => ({ wall: (time += 5), cpu: time / 2 }),
      () => (count += 1000),
    );
    for (const char of text) reader.byte(char.charCodeAt(0));
    return reader;
  }

  it('times each round from mark to mark', () => {
    const { rounds, done } = read('start\nend 0f\nstart\nend 0f\ndone\n');
    expect(done).toBe(true);
    expect(rounds).toEqual(Array(2).fill({ wallMs: 5, cpuMs: 2.5, checksum: '0f', instructions: 1000 }));
  });

  it('does not count a round that never began, nor output that stops early', () => {
    const { rounds, done } = read('noise\nend 12\nstart\nend');
    expect(done).toBe(false);
    expect(rounds).toEqual([]);
  });
});

describe('two runs of emu bench', () => {
  const run = (ns: number, spread: number): Report =>
    ({ rows: [{ title: 'calls/64', cells: [{ engine: 'jit', ns, spread, samples: [ns, ns] }] }] }) as unknown as Report;

  it('agree when the ranges around their medians touch', () => {
    expect(disagreements(run(100, 0.1), run(120, 0.1))).toEqual({ compared: 1, apart: [] });
    expect(disagreements(run(125, 0.1), run(100, 0.1)).apart).toEqual([
      { title: 'calls/64', engine: 'jit', ratio: 1.25, allowed: expect.closeTo(1.222, 3) },
    ]);
  });
});
