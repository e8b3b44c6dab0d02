import type { Known } from '../../cpu/ir/block.ts';
import { INFO, R } from './record.ts';

/** Names that stand for an instruction's numbers in the text of forms, and what they are read from, in this order. */
const SOURCES = {
  ra: `c[i | ${R.ra}]`,
  rb: `c[i | ${R.rb}]`,
  rc: `c[i | ${R.rc}]`,
  index: `c[i | ${R.index}]`,
  scale: `c[i | ${R.info}] >> ${INFO.SCALE_SHIFT} & 3`,
  disp: `c[i | ${R.disp}]`,
  dispHigh: `c[i | ${R.dispHigh}]`,
  imm: `c[i | ${R.imm}]`,
  immHigh: `c[i | ${R.immHigh}]`,
  ip: `c[i | ${R.ip}]`,
  ipHigh: `ipHighs[c[i | ${R.page}]]`,
  next: `c[i | ${R.ip}] + (c[i | ${R.info}] & ${INFO.LENGTH}) | 0`,
  nextHigh: `ipHighs[c[i | ${R.page}]] + (next >>> 0 < c[i | ${R.ip}] >>> 0 ? 1 : 0) | 0`,
} as const;

export type RecordName = keyof typeof SOURCES;

/** Finds all of these names in a text. */
export const RECORD_NAME = new RegExp(`\\b(?:${Object.keys(SOURCES).join('|')})\\b`, 'g');

/** A number that is read from the record, as the translator passes it on. */
export const fromRecord = (name: RecordName): Known => name;

/** Reads what some statements need of the record `i` into constants of those names; '' when they need nothing. */
export function readRecord(lines: readonly string[]): string {
  const text = lines.join('\n');
  const named = new Set(text.match(RECORD_NAME));
  if (named.has('nextHigh')) named.add('next');
  const reads = Object.entries(SOURCES).flatMap(([name, source]) => (named.has(name) ? [`${name} = ${source}`] : []));
  return reads.length === 0 ? '' : `const ${reads.join(', ')};`;
}
