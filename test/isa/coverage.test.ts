import { describe, expect, it } from 'vitest';
import { OPCODE_ROWS } from '../../src/cpu/isa/index.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { TEST_TIERS, type TestTier } from '../support/tiers.ts';
import { integerCases, rowOf } from './integer-cases.ts';
import { SYSTEM_CASES } from './system-cases.ts';
import { MODES } from './system-machine.ts';
import { vectorRows, x87Rows } from './vector-rows.ts';

const CODE = { 16: MODE.CODE_16, 32: MODE.CODE_32, 64: MODE.CODE_64 | MODE.LMA } as const;
const nameOf = ({ opcode, mnemonic, operands }: Row): string => `${opcode} ${mnemonic} ${operands}`;

/** Rows whose instructions a tier runs somewhere in this folder. */
function testedRows(tier: TestTier): Set<string> {
  const recorded = ([32, 64] as const).flatMap((width) => integerCases(tier, width).map(({ row }) => row));
  const system = SYSTEM_CASES.map(([, mode, hex]) => {
    const real = mode === 'real' ? MODE.REAL : 0;
    return rowOf(Buffer.from(hex, 'hex'), CODE[MODES[mode].width] | real);
  });
  return new Set([...recorded, ...system, ...vectorRows(), ...x87Rows()].map(nameOf));
}

describe('every row of the opcode maps', () => {
  it.each(TEST_TIERS)('has a case that %s runs', (tier) => {
    const tested = testedRows(tier);
    expect(OPCODE_ROWS.map(nameOf).filter((name) => !tested.has(name))).toEqual([]);
  });
});
