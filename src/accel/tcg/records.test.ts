import { expect, test } from 'vitest';
import { MODE } from '../../cpu/mode.ts';
import { CodeTable } from './code-table.ts';
import { INFO, R, RECORD, STOP, WARM } from './record.ts';
import { Records, RUN } from './records.ts';

const PLACE = { ramPage: 3, mode: MODE.CODE_64, linearLow: 0x5000, linearHigh: 7, codeBase: 0, codeLimit: -1 };

function setUp() {
  const records = new Records(64);
  records.stale = () => STOP;
  return { records, table: new CodeTable(records, PLACE) };
}

/** A record of `length` bytes at an offset of the table. */
function put(records: Records, table: CodeTable, offset: number, length: number): number {
  const i = table.take(offset);
  records.fill(
    i,
    table.number,
    0x5000 + offset,
    length,
    records.functions.add(() => WARM),
  );
  return i;
}

test('records of a page lie one behind the other', () => {
  const { records, table } = setUp();
  const [first, second] = [put(records, table, 0, 2), put(records, table, 2, 3)];
  expect(second).toBe(first + RECORD);
  expect([table.at(0), table.at(1), table.at(2)]).toEqual([first, STOP, second]);
  expect([...table.before(second)]).toEqual([first]);
  expect([...table.all()]).toEqual([first, second]);
  expect(records.length(second)).toBe(3);
  expect(records.pageOf(second)).toBe(table);
  expect(records.ipHigh(second)).toBe(7);
  expect(table.size).toBe(2);
});

test('no record, and one of a table that is not live, are not live', () => {
  const { records, table } = setUp();
  const i = put(records, table, 0, 1);
  expect([records.isLive(STOP), records.isLive(i)]).toEqual([false, false]);
  table.live = true;
  expect([records.isLive(STOP), records.isLive(i)]).toEqual([false, true]);
});

test('the record that warms regions is live, and no region begins with it', () => {
  const { records } = setUp();
  expect(records.isLive(WARM)).toBe(true);
  expect(records.isDiverted(WARM)).toBe(true);
});

test('a record runs what it was diverted to, and its own instruction alone', () => {
  const { records, table } = setUp();
  const i = put(records, table, 0, 1);
  const own = records.words[i + R.code];
  expect(records.isDiverted(i)).toBe(false);
  const region = records.functions.add(() => STOP);
  records.divert(i, region);
  expect(records.isDiverted(i)).toBe(true);
  expect(records.runAlone(i)).toBe(WARM);
  records.restore(i);
  expect(records.words[i + R.code]).toBe(own);
  records.functions.remove(region);
  expect(
    records.functions.add(() => STOP),
    'the number is used again',
  ).toBe(region);
});

test('the words of a dropped record are used again after a sweep, as new', () => {
  const { records, table } = setUp();
  const [kept, dropped] = [put(records, table, 0, 1), put(records, table, 1, 1)];
  records.noteTarget(kept, dropped);
  records.noteTarget(dropped, kept);
  records.words[dropped + R.heat] = 5;
  records.mark(dropped, INFO.STOPS);
  records.drop(dropped);
  table.remove(1);
  expect(table.take(2), 'not before').toBe(dropped + RECORD);
  records.sweepTargets();
  table.sweep();
  expect(records.targets).toEqual(new Map([[kept, []]]));
  expect(table.take(1)).toBe(dropped);
  expect([...records.words.subarray(dropped, dropped + RECORD)]).toEqual(new Array(RECORD).fill(0));
});

test('the runs and the number of a table that is released go to others', () => {
  const { records, table } = setUp();
  for (let offset = 0; offset <= RUN; offset++) put(records, table, offset, 1);
  expect(records.used).toBe(2 * RUN);
  const first = table.at(0);
  for (const i of table.all()) records.drop(i);
  table.live = true;
  table.release();
  expect(records.used).toBe(0);
  const other = new CodeTable(records, PLACE);
  expect(other.number).toBe(table.number);
  expect(other.live).toBe(false);
  expect(other.take()).toBeLessThanOrEqual(first + RUN * RECORD);
  expect(records.used).toBe(RUN);
});

test('there are no more records than was agreed', () => {
  const { table } = setUp();
  for (let n = 0; n < 64; n++) table.take();
  expect(() => table.take()).toThrow('no room for predecoded instructions');
});

test('heat counts beyond 31 bits, and 48 targets are noted', () => {
  const { records, table } = setUp();
  const i = put(records, table, 0, 1);
  records.words[i + R.heat] = 0x7fffffff;
  records.words[i + R.heat]! += 1;
  expect(records.heat(i)).toBe(0x80000000);
  for (let n = 1; n < 60; n++) records.noteTarget(i, n * RECORD);
  expect(records.targets.get(i)).toHaveLength(48);
});

test('an instruction that ends at 4 GiB has the next high half behind it, in 64-bit code', () => {
  const { records, table } = setUp();
  expect(table.highBehind(-2, 0)).toBe(8);
  expect(table.highBehind(-4, -2)).toBe(7);
  const narrow = new CodeTable(records, { ...PLACE, mode: MODE.CODE_32, linearHigh: 0 });
  expect(narrow.highBehind(-2, 0)).toBe(0);
});
