import { expect, test } from 'vitest';
import { CpuState } from '../../../cpu/state.ts';
import { Records } from '../records.ts';
import { entryHigh, highWord as high } from './high-halves.ts';
import { Failures, SpeculationMemory } from './speculation.ts';

/** Records. */
const [entry, guarded, another] = [64, 80, 96] as const;

test('a region that is made again assumes what was not wrong, whatever the registers hold by then', () => {
  const { words } = new CpuState();
  words[high(3)] = -1;
  words[high(5)] = 0x12345678;
  const memory = new SpeculationMemory();
  const first = memory.at(entry, words);
  expect(first.entry[3]).toBe(-1);
  expect(first.entry[5], 'no address').toBeUndefined();
  expect(first.mayGuard(guarded)).toBe(true);

  memory.learn(entry, { registers: new Map([[0, 'far']]), recs: new Set([guarded]) });
  words[high(3)] = 7;
  const second = memory.at(entry, words);
  expect(second.entry[3]).toBe(-1);
  expect(second.entry[0]).toBeUndefined();
  expect(second.mayGuard(guarded)).toBe(false);
  expect(second.mayGuard(entry)).toBe(true);
});

test('addresses of one place are taken to stay together, wherever the next process has them', () => {
  const { words } = new CpuState();
  for (const register of [2, 6]) words[high(register)] = 0x7f5b;
  words[high(4)] = 0x7ffe;
  const { entry: highs } = new SpeculationMemory().at(entry, words);
  expect([2, 4, 6].map((register) => highs[register])).toEqual([entryHigh(2), entryHigh(4), entryHigh(2)]);
});

test('a register that is wrong has a name of its own, unless it holds no addresses', () => {
  const { words } = new CpuState();
  words[high(2)] = words[high(6)] = 0x7f5b;
  const memory = new SpeculationMemory();
  const before = memory.at(entry, words).entry;
  const failures = new Failures(
    new Records(64),
    entry,
    before.flatMap((half, register) => (half === undefined ? [] : [{ register, high: half }])),
  );
  words[high(6)] = 0x7ffe;
  words[high(7)] = 0x12345678;
  failures.atEntry(words);
  memory.learn(entry, failures);
  const after = memory.at(entry, words).entry;
  expect(after[2]).toBe(entryHigh(2));
  expect(after[6]).toBe(entryHigh(6));
  expect(after[7]).toBeUndefined();
  expect(after[8]).toBe(0);
});

test('an entry that was given up three times assumes nothing that can be wrong', () => {
  const memory = new SpeculationMemory();
  const { words } = new CpuState();
  for (let n = 0; n < 3; n++) {
    expect(memory.at(entry, words).entry[1]).toBe(0);
    memory.learn(entry, { registers: new Map(), recs: new Set([another]) });
  }
  const { entry: highs, mayGuard } = memory.at(entry, words);
  expect(highs.every((value, register) => value === entryHigh(register))).toBe(true);
  expect(mayGuard(entry)).toBe(false);
});

test('what was learned of records goes with them', () => {
  const memory = new SpeculationMemory();
  const { words } = new CpuState();
  memory.at(entry, words);
  memory.learn(entry, { registers: new Map([[1, 'far']]), recs: new Set([guarded, another]) });
  memory.forget((rec) => rec === entry || rec === guarded);
  const { entry: highs, mayGuard } = memory.at(entry, words);
  expect(highs[1]).toBe(0);
  expect(mayGuard(guarded)).toBe(true);
  expect(mayGuard(another)).toBe(false);
});
