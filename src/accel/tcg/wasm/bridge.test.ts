import { beforeEach, describe, expect, test } from 'vitest';
import { KIND } from '../../../cpu/flags.ts';
import { W } from '../../../cpu/state.ts';
import { GuestRam } from '../../../memory/ram.ts';
import { recentAt } from '../code-cache.ts';
import { EXIT, OWN } from '../jit/emitter.ts';
import { COUNT } from '../jit/stats.ts';
import { NUMBER_SHIFT, R, RECORD } from '../record.ts';
import { Bridge, Calls } from './bridge.ts';
import { OP, WasmCode } from './code.ts';
import { type Layout, LEFT } from './frame.ts';

const memory = GuestRam.allocate(65_536, 0, 0).memory!;
const PAGE_OF_WORDS = 1024;
/** A page for each table, 4 KiB apart. */
const TABLES = [
  'records',
  'state',
  'live',
  'ipHighs',
  'modes',
  'recent',
  'counts',
  'entered',
  'epoch',
  'left',
] as const;
const layout = Object.fromEntries(TABLES.map((name, n) => [name, 4 * PAGE_OF_WORDS * (n + 1)])) as unknown as Layout;
const words = (name: (typeof TABLES)[number]): Int32Array =>
  new Int32Array(memory.buffer, layout[name] as number, PAGE_OF_WORDS);
const [records, state, own] = [words('records'), words('state'), new Int32Array(memory.buffer, 0, 64)];
const [first, second] = [1 * RECORD, 2 * RECORD];
/** Numbers for which the table has room at first, and one behind them. */
const [NEAR, OTHER, FAR] = [7, 8, 50_000];
/** The page of code that all records are on, its mode, and after how many entries they are hot. */
const [PAGE, MODE, HOT] = [3, 5, 100];
/** The number that this region has for itself. */
const SELF = 77;
/** What `finish` gives: no record. */
const FINISHED = -1;

let bridge: Bridge;
let names: Record<string, unknown>;
let finished: number[][];

beforeEach(() => {
  new Int32Array(memory.buffer).fill(0);
  finished = [];
  names = { flagsOf: () => 0, finish: (...args: number[]) => finished.push(args) && FINISHED };
  bridge = new Bridge(memory, names, layout, true);
  own[OWN.NUMBER] = SELF;
  state[W.budget] = 1000;
  words('left')[LEFT.KIND] = -1;
  new Uint8Array(memory.buffer, layout.live, 16)[PAGE] = 1;
  words('modes')[PAGE] = MODE;
  for (const record of [first, second]) records[record + R.page] = PAGE;
});

const runs = (record: number, number: number): void => {
  records[record + R.code] = (number << NUMBER_SHIFT) | 5;
};

/** Installs a function that prints itself. */
function install(number: number, print: (code: WasmCode, calls: Calls) => void) {
  const code = new WasmCode();
  const calls = new Calls();
  print(code, calls);
  return bridge.install(number, 0, bridge.moduleOf({ locals: [], code, calls }))({ low: 0, high: 0 });
}

/** Is left by an exit, on the way of node 9. */
const leave = (code: WasmCode, calls: Calls, exit: number): void => {
  for (const known of [own.byteOffset, exit, 9, MODE, HOT]) code.i32(known);
  calls.leave(code);
};
/** Goes on with the record that it is given. */
const passOn = (number: number) => {
  const run = install(number, (code, calls) => leave(code, calls, 0));
  return (record: number) => {
    own[OWN.LINKS] = record;
    return run(record);
  };
};
const addTo = (number: number, value: number) =>
  install(number, (code) => {
    code.get(0);
    code.i32(value);
    code.op(OP.i32_add);
  });

test.each([OTHER, FAR])('a record whose function is emitted code goes on there, number %i', (number) => {
  const run = passOn(NEAR);
  addTo(number, 1000);
  runs(first, number);
  runs(second, number);
  expect([run(first), run(second)]).toEqual([first + 1000, second + 1000]);
});

test.each([0, OTHER, FAR, 2 ** 16 - 1])('a record without emitted code comes back, number %i', (number) => {
  const run = passOn(NEAR);
  runs(first, number);
  expect(run(first)).toBe(first);
});

test.each([OTHER, FAR])('a function that was removed does not run, and its number can be another one, %i', (number) => {
  const run = passOn(NEAR);
  addTo(number, 1000);
  runs(first, number);
  bridge.remove(number);
  expect(run(first)).toBe(first);
  addTo(number, 2000);
  expect(run(first)).toBe(first + 2000);
});

test('a chain of tail calls needs no stack', () => {
  let left = 300_000;
  names.next = (): void => {
    own[OWN.LINKS] = --left > 0 ? first : second;
    records[first + R.heat] = 0;
  };
  const run = install(NEAR, (code, calls) => {
    calls.call(code, 'next', { params: 0, result: false });
    leave(code, calls, 0);
  });
  runs(first, NEAR);
  runs(second, 0);
  expect(run(first)).toBe(second);
  expect(left).toBe(0);
});

test('what a region leaves is counted, charged and marked', () => {
  const run = passOn(NEAR);
  runs(first, 0);
  records[first + R.left] = 30;
  words('entered')[0] = 1200;
  words('epoch')[0] = 4;
  const counts = new Float64Array(memory.buffer, layout.counts, 3);
  expect(run(first)).toBe(first);
  expect([records[first + R.heat], state[W.budget], own[OWN.USED]]).toEqual([1, 970, 4]);
  expect([counts[COUNT.ran], counts[COUNT.exits], counts[COUNT.indirect]]).toEqual([200, 1, 0]);
  expect(finished).toEqual([]);
});

test.each<[what: string, change: () => void]>([
  ['nothing was looked up', () => records.fill(0, first, first + RECORD)],
  ['its page is not live', () => new Uint8Array(memory.buffer, layout.live, 16).fill(0)],
  ['it becomes hot', () => (records[first + R.heat] = HOT - 1)],
  ['the budget does not do', () => (records[first + R.left] = 1001)],
])('a known exit is finished where %s', (_, change) => {
  const run = passOn(NEAR);
  addTo(OTHER, 1000);
  runs(first, OTHER);
  change();
  expect(run(first)).toBe(FINISHED);
  expect(finished).toEqual([[SELF, 0, 9, 0, 0]]);
  expect(state[W.budget]).toBe(1000);
});

describe('an indirect jump', () => {
  const [LOW, HIGH] = [0x300, 0x7fff];
  const jump = () => {
    const run = install(NEAR, (code, calls) => leave(code, calls, EXIT.INDIRECT));
    addTo(OTHER, 1000);
    runs(first, OTHER);
    words('left').set([LOW, HIGH], LEFT.TARGET);
    words('recent')[recentAt(LOW)] = first;
    records[first + R.ip] = LOW;
    words('ipHighs')[PAGE] = HIGH;
    return run(0);
  };

  test('goes on with what was looked up last for its target', () => {
    expect(jump()).toBe(first + 1000);
    expect(new Float64Array(memory.buffer, layout.counts, 3)[COUNT.indirect]).toBe(1);
  });

  test.each<[what: string, change: () => void]>([
    ['another address', () => (records[first + R.ip] = LOW + 1)],
    ['another upper half', () => (words('ipHighs')[PAGE] = HIGH + 1)],
    ['another mode', () => (words('modes')[PAGE] = MODE + 1)],
  ])('is finished where that is of %s', (_, change) => {
    expect(jump()).toBe(first + 1000);
    change();
    const run = install(FAR, (code, calls) => leave(code, calls, EXIT.INDIRECT));
    expect(run(0)).toBe(FINISHED);
    expect(finished).toEqual([[SELF, EXIT.INDIRECT, 9, LOW, HIGH]]);
  });
});

test.each([EXIT.MISS, EXIT.UNUSUAL])('what the interpreter runs is finished: %i', (exit) => {
  expect(install(NEAR, (code, calls) => leave(code, calls, exit))(0)).toBe(FINISHED);
  expect(finished).toEqual([[SELF, exit, 9, 0, 0]]);
});

test('flags are brought to the state, and stay as they are where none were set', () => {
  const run = install(NEAR, (code, calls) => leave(code, calls, EXIT.MISS));
  state[W.flagKind] = 99;
  run(0);
  expect(state[W.flagKind]).toBe(99);
  const left = words('left');
  left[LEFT.KIND] = KIND.SUB | 2;
  left.set([5, 0], LEFT.A);
  left.set([7, 0], LEFT.B);
  run(0);
  expect([state[W.flagKind], state[W.flagA], state[W.flagB]]).toEqual([KIND.SUB | 2, 5, 7]);
  expect([state[W.flagRes], state[W.flagRes + 1]]).toEqual([-2, -1]);
});

test('exits that do not remember are all finished', () => {
  bridge = new Bridge(memory, names, layout, false);
  runs(first, OTHER);
  expect(passOn(NEAR)(first)).toBe(FINISHED);
});

test('helpers are called by name with their arguments, and what they throw comes through', () => {
  names.difference = (a: number, b: number) => a - b;
  names.fail = () => {
    throw new Error('from the helper');
  };
  const run = install(NEAR, (code, calls) => {
    code.get(0);
    code.i32(-5);
    calls.call(code, 'difference', { params: 2, result: true });
  });
  expect(run(-2)).toBe(3);
  const failing = install(OTHER, (code, calls) => {
    calls.call(code, 'fail', { params: 0, result: false });
    code.i32(0);
  });
  expect(() => failing(first)).toThrow('from the helper');
});

test('a name that does not exist is told', () => {
  const make = (): unknown => install(NEAR, (code, calls) => calls.call(code, 'nothing', { params: 0, result: true }));
  expect(make).toThrow('emitted code names nothing, which does not exist');
});
