import { expect, test } from 'vitest';
import { CpuState, W } from '../../../cpu/state.ts';
import { Rec } from '../record.ts';
import { SpeculationMemory } from './speculation.ts';

const record = (): Rec => new Rec((i) => i, undefined as never, 0);
const high = (register: number): number => W.gpr + 2 * register + 1;

test('a region that is made again assumes what was not wrong, whatever the registers hold by then', () => {
  const { words } = new CpuState();
  words[high(3)] = -1;
  words[high(5)] = 0x12345678;
  const memory = new SpeculationMemory();
  const [entry, guarded] = [record(), record()];
  const first = memory.at(entry, words);
  expect(first.entry[3]).toBe(-1);
  expect(first.entry[5], 'no address').toBeUndefined();
  expect(first.mayGuard(guarded)).toBe(true);

  memory.learn(entry, { registers: new Set([0]), recs: new Set([guarded]) });
  words[high(3)] = 7;
  const second = memory.at(entry, words);
  expect(second.entry[3]).toBe(-1);
  expect(second.entry[0]).toBeUndefined();
  expect(second.mayGuard(guarded)).toBe(false);
  expect(second.mayGuard(entry)).toBe(true);
});

test('an entry that was given up three times assumes nothing', () => {
  const memory = new SpeculationMemory();
  const { words } = new CpuState();
  const entry = record();
  for (let n = 0; n < 3; n++) {
    expect(memory.at(entry, words).entry[1]).toBe(0);
    memory.learn(entry, { registers: new Set(), recs: new Set([record()]) });
  }
  const { entry: highs, mayGuard } = memory.at(entry, words);
  expect(highs.every((value) => value === undefined)).toBe(true);
  expect(mayGuard(entry)).toBe(false);
});
