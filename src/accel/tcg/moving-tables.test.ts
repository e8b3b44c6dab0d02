import { beforeEach, expect, test } from 'vitest';
import { MODE } from '../../cpu/mode.ts';
import { CodeTable } from './code-table.ts';
import { LiveTables } from './live-tables.ts';
import { type Move, MovingTables } from './moving-tables.ts';
import { INFO, R, STOP } from './record.ts';
import { Records } from './records.ts';

const MODE_64 = MODE.CODE_64 | MODE.USER;

let records: Records;
let live: LiveTables;
let byPage: Map<number, CodeTable[]>;
let moving: MovingTables;
let moves: Move[];

beforeEach(() => {
  records = new Records(256);
  records.stale = () => STOP;
  live = new LiveTables();
  byPage = new Map();
  moving = new MovingTables(byPage, live);
  moves = [];
  moving.onMove = (move) => moves.push(move);
});

const place = (linearHigh: number, linearLow: number, mode = MODE_64) => ({
  mode,
  linearLow,
  linearHigh,
  codeBase: 0,
  codeLimit: -1,
});

function table(ramPage: number, linearHigh: number, linearLow: number, mode = MODE_64): CodeTable {
  const made = new CodeTable(records, { ramPage, ...place(linearHigh, linearLow, mode) });
  byPage.set(ramPage, [...(byPage.get(ramPage) ?? []), made]);
  live.add(made, false);
  return made;
}

const pass = (retirements: number): void => {
  for (let n = 0; n < retirements; n++) live.retire(false);
};

test('what is relative to the instruction moves, with carries, and nothing else does', () => {
  const page = table(3, 5, 0x1000);
  const i = page.take(0x10);
  const c = records.words;
  for (const [word, value] of [
    [R.imm, -1],
    [R.immHigh, 4],
    [R.disp, 0x2000],
    [R.dispHigh, 6],
  ] as const)
    c[i + word] = value;
  const own = records.functions.add(() => STOP);
  records.fill(i, page.number, 0x1010, 5, own);
  page.moveBy(0x1000, 2);
  expect([c[i + R.ip], records.ipHigh(i), page.linearLow, page.linearHigh]).toEqual([0x2010, 7, 0x2000, 7]);
  expect([c[i + R.imm], c[i + R.immHigh], c[i + R.disp], c[i + R.dispHigh]]).toEqual([-1, 4, 0x2000, 6]);
  records.mark(i, INFO.RELATIVE_IMM | INFO.RELATIVE_DISP);
  page.moveBy(0x1000, 2);
  expect([c[i + R.imm], c[i + R.immHigh], c[i + R.disp], c[i + R.dispHigh]]).toEqual([0xfff, 7, 0x3000, 8]);
  page.moveBy(-0x1000 | 0, -3);
  expect([c[i + R.imm], c[i + R.immHigh], c[i + R.ip], page.linearHigh]).toEqual([-1, 4, 0x2010, 7]);
});

test('tables with links between them move together, when none was live for a while', () => {
  const [first, second, other] = [table(3, 5, 0x1000), table(4, 5, 0x2000), table(5, 6, 0x1000)];
  moving.join(first, second);
  expect(moving.move(3, place(7, 0xf000))).toBe(undefined);
  pass(16);
  expect(moving.move(3, place(7, 0xf000))).toBe(undefined);
  pass(1);
  expect(moving.move(3, place(7, 0xf000))).toBe(first);
  expect([first, second, other].map(({ linearHigh, linearLow }) => [linearHigh, linearLow])).toEqual([
    [7, 0xf000],
    [7, 0x10000],
    [6, 0x1000],
  ]);
  expect(moves).toEqual([{ tables: new Set([first, second]), low: 0xe000, high: 2 }]);
});

test('the one that was idle for longest moves', () => {
  table(3, 5, 0x1000);
  pass(5);
  const later = table(3, 6, 0x1000);
  pass(3);
  byPage.get(3)!.reverse();
  pass(20);
  expect(moving.move(3, place(9, 0))).not.toBe(later);
});

test('a table stays where another one is in the way, where its group has a fixed one, and in other modes', () => {
  const [first, second] = [table(3, 5, 0x1000), table(4, 5, 0x2000)];
  moving.join(second, first);
  const obstacle = table(4, 7, 0x3000);
  const narrow = table(6, 0, 0x1000, MODE.CODE_32 | MODE.USER);
  const kernel = table(7, 5, 0x1000, MODE.CODE_64);
  pass(20);
  expect(moving.move(3, place(7, 0x2000))).toBe(undefined);
  expect(moving.move(6, place(0, 0x9000, narrow.mode))).toBe(undefined);
  expect(moving.move(7, place(7, 0x9000, kernel.mode))).toBe(undefined);
  expect(moving.move(3, place(0x7fff, 0x2000))).toBe(undefined);
  expect(moving.move(3, place(0, 0x2000))).toBe(undefined);
  obstacle.stays = true;
  expect(moving.move(3, place(8, 0x2000))).toBe(first);
  pass(20);
  second.stays = true;
  expect(moving.move(3, place(9, 0x2000))).toBe(undefined);
});

test('a table that is gone holds nobody back', () => {
  const [first, second] = [table(3, 5, 0x1000), table(4, 5, 0x2000)];
  moving.join(first, second);
  live.retire(true);
  byPage.delete(4);
  second.release();
  second.stays = true;
  pass(20);
  expect(moving.move(3, place(7, 0x1000))).toBe(first);
  expect(moves[0]!.tables).toEqual(new Set([first]));
});

test('who comes back and finds its tables gone stops the moves for a while', () => {
  const first = table(3, 5, 0x1000);
  pass(20);
  expect(moving.move(3, place(7, 0x1000))).toBe(first);
  pass(20);
  expect(moving.move(3, place(5, 0x1000))).toBe(undefined);
  pass(200);
  expect(moving.move(3, place(9, 0x1000))).toBe(undefined);
  pass(56);
  expect(moving.move(3, place(9, 0x1000))).toBe(first);
});
