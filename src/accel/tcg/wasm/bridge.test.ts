import { beforeEach, expect, test } from 'vitest';
import { GuestRam } from '../../../memory/ram.ts';
import { NUMBER_SHIFT, R, RECORD } from '../record.ts';
import { Bridge, Calls } from './bridge.ts';
import { OP, WasmCode } from './code.ts';
import type { Layout } from './frame.ts';

const RECORDS = 4096;
const memory = GuestRam.allocate(65_536, 0, 0).memory!;
const records = new Int32Array(memory.buffer, RECORDS);
const [first, second] = [1 * RECORD, 2 * RECORD];
/** Numbers for which the table has room at first, and one behind them. */
const [NEAR, OTHER, FAR] = [7, 8, 50_000];

let bridge: Bridge;
let names: Record<string, unknown>;

beforeEach(() => {
  names = { flagsOf: () => 0 };
  bridge = new Bridge(memory, names, { records: RECORDS, state: 0 } as Layout);
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

/** Goes on with the record that it is given. */
const passOn = (number: number) =>
  install(number, (code, calls) => {
    code.get(0);
    calls.handOver(code);
  });
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
  names.next = (): number => (--left > 0 ? first : second);
  const run = install(NEAR, (code, calls) => {
    calls.call(code, 'next', { params: 0, result: true });
    calls.handOver(code);
  });
  runs(first, NEAR);
  runs(second, 0);
  expect(run(first)).toBe(second);
  expect(left).toBe(0);
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
