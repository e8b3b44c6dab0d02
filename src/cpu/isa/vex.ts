import { andn, bextr, blsi, blsmsk, blsr, bzhi, pdep, pext } from '../semantics/bits.ts';
import { mulx } from '../semantics/muldiv.ts';
import { rorx, sarx, shlx, shrx } from '../semantics/shifts.ts';
import type { RowTuple } from './row.ts';

/** VEX-encoded general-purpose instructions (SDM 2D, tables ). VEX.L is 0. */
// biome-ignore format: opcode map
export const VEX: readonly RowTuple[] = [
  ['VEX.NP 0F 38 F2',    'ANDN',   'Gy,By,Ey', andn,   { feature: 'bmi1', undefined: 'AP' }],
  ['VEX.NP 0F 38 F3 /1', 'BLSR',   'By,Ey',    blsr,   { feature: 'bmi1', undefined: 'AP' }],
  ['VEX.NP 0F 38 F3 /2', 'BLSMSK', 'By,Ey',    blsmsk, { feature: 'bmi1', undefined: 'AP' }],
  ['VEX.NP 0F 38 F3 /3', 'BLSI',   'By,Ey',    blsi,   { feature: 'bmi1', undefined: 'AP' }],
  ['VEX.NP 0F 38 F5',    'BZHI',   'Gy,Ey,By', bzhi,   { feature: 'bmi2', undefined: 'AP' }],
  ['VEX.F3 0F 38 F5',    'PEXT',   'Gy,By,Ey', pext,   { feature: 'bmi2' }],
  ['VEX.F2 0F 38 F5',    'PDEP',   'Gy,By,Ey', pdep,   { feature: 'bmi2' }],
  ['VEX.F2 0F 38 F6',    'MULX',   'Gy,By,Ey', mulx,   { feature: 'bmi2' }],
  ['VEX.NP 0F 38 F7',    'BEXTR',  'Gy,Ey,By', bextr,  { feature: 'bmi1', undefined: 'SAP' }],
  ['VEX.66 0F 38 F7',    'SHLX',   'Gy,Ey,By', shlx,   { feature: 'bmi2' }],
  ['VEX.F3 0F 38 F7',    'SARX',   'Gy,Ey,By', sarx,   { feature: 'bmi2' }],
  ['VEX.F2 0F 38 F7',    'SHRX',   'Gy,Ey,By', shrx,   { feature: 'bmi2' }],
  ['VEX.F2 0F 3A F0',    'RORX',   'Gy,Ey,Ib', rorx,   { feature: 'bmi2' }],
];
