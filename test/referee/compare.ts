import { type Row, undefinedFlags } from '../../src/cpu/isa/row.ts';
import { FLAG } from '../../src/cpu/state.ts';
import { APPROXIMATE, closeExtended, closeSingles } from '../support/approximations.ts';
import type { RefereeCase } from './generate.ts';
import { AT, type Image, NO_RESULT } from './image.ts';
import { BASE, DATA, WINDOWS } from './layout.ts';

/** RF is pushed by exceptions only, and those at the end of a case do not all happen on silicon. */
const SEEN = FLAG.ARITH | FLAG.DF | FLAG.TF | FLAG.IF | FLAG.IOPL | FLAG.NT | FLAG.AC | FLAG.ID;
const PF = 14;
const C1 = 0x200;
/** These may be one unit in the last place off (SDM 1 8.3.10), and their C1 (rounded up) with it. */
const TRANSCENDENTAL = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;

/** One thing that differs: its name and what it is before, on silicon and here. */
export interface Difference {
  readonly name: string;
  readonly before: string;
  readonly silicon: string;
  readonly here: string;
}

const definedFlags = (row: Row): number => SEEN & ~undefinedFlags(row);

/** True when the two states are the same without a closer look. */
export const isSame = (want: Image, got: Image): boolean => Buffer.compare(want.bytes, got.bytes) === 0;

/** What differs between silicon and here, undefined results left out. */
export function differences(one: RefereeCase, want: Image, got: Image): Difference[] {
  const { row, before } = one;
  const list: Difference[] = [];
  const compare = (name: string, of: (image: Image) => number | bigint | string): void => {
    const [start, silicon, here] = [before, want, got].map((image) => text(of(image)));
    if (silicon !== here) list.push({ name, before: start!, silicon: silicon!, here: here! });
  };
  compare('exception', ({ vector, errorCode, note }) =>
    vector === NO_RESULT ? note : `${vector}${errorCode < 0 ? '' : `(${errorCode.toString(16)})`}`,
  );
  compare('rip', ({ rip }) => rip);
  if (want.vector === PF) compare('cr2', ({ cr2 }) => cr2);
  for (let reg = 0; reg < 16; reg++) compare(`r${reg}`, (image) => image.gpr(reg));
  const mask = definedFlags(row);
  compare('rflags', ({ rflags }) => rflags & mask);
  for (const seg of [0, 3, 4, 5]) compare(`selector${seg}`, (image) => image.selector(seg));
  compareVectors(row, want, got, compare);
  compareFloat(row, want, got, compare);
  compareData(one, want, got, list);
  return list;
}

const text = (value: number | bigint | string): string => (typeof value === 'string' ? value : value.toString(16));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).reverse().toString('hex');

type Compare = (name: string, of: (image: Image) => number | bigint | string) => void;

function compareVectors(row: Row, want: Image, got: Image, compare: Compare): void {
  for (let reg = 0; reg < 16; reg++) {
    if (APPROXIMATE.test(row.mnemonic) && closeSingles(want.xmm(reg), got.xmm(reg))) continue;
    compare(`xmm${reg}`, (image) => hex(image.xmm(reg)));
  }
  compare('mxcsr', ({ mxcsr }) => mxcsr);
}

function compareFloat(row: Row, want: Image, got: Image, compare: Compare): void {
  const close = TRANSCENDENTAL.test(row.mnemonic);
  compare('fcw', ({ view }) => view.getUint16(AT.fcw, true));
  compare('fsw', ({ fsw }) => (close ? fsw & ~C1 : fsw));
  compare('ftw', ({ bytes }) => bytes[AT.ftw]!);
  for (let n = 0; n < 8; n++) {
    if (close && closeExtended(want.st(n), got.st(n))) continue;
    compare(`st${n}`, (image) => hex(image.st(n)));
  }
}

function compareData(one: RefereeCase, want: Image, got: Image, list: Difference[]): void {
  const [before, silicon, here] = [one.before.data, want.data, got.data];
  if (Buffer.compare(silicon, here) === 0) return;
  const ignored = ignoredBytes(one);
  let from = 0;
  for (const { at, bytes } of WINDOWS) {
    for (let n = from; n < from + bytes; n++) {
      const offset = at + n - from;
      if (silicon[n] === here[n] || ignored(offset)) continue;
      const name = `[${(BASE + DATA + offset).toString(16)}]`;
      list.push({ name, before: text(before[n]!), silicon: text(silicon[n]!), here: text(here[n]!) });
    }
    from += bytes;
  }
}

/** Pointers to instruction and operand, which processors of one maker keep only while an exception waits, and reserved bytes. */
function ignoredBytes({ row, address, operandSize, world }: RefereeCase): (offset: number) => boolean {
  const ranges: (readonly [number, number])[] = [];
  if (/^FN(STENV|SAVE)$/.test(row.mnemonic)) ranges.push(operandSize === 2 ? [6, 14] : [12, 28]);
  if (/^F?XSAVE/.test(row.mnemonic)) {
    ranges.push([5, 24], [28, 32], [416, 512]);
    for (let n = 0; n < 8; n++) ranges.push([32 + 16 * n + 10, 48 + 16 * n]);
  }
  if (ranges.length === 0 || address === undefined) return () => false;
  const data = BigInt(BASE + DATA);
  const start = Number(address - (address >= data && address < data + 0x4000n ? data : world.alias));
  return (offset) => ranges.some(([from, to]) => offset >= start + from && offset < start + to);
}
