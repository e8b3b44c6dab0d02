import { bt, btc, btr, bts } from '../semantics/bits.ts';
import { callIndirect, jmpIndirect } from '../semantics/control-flow.ts';
import {
  adc,
  add,
  and,
  cmp,
  cmpxchg8b,
  cmpxchg16b,
  dec,
  inc,
  mov,
  neg,
  not,
  or,
  sbb,
  sub,
  test,
  xor,
} from '../semantics/integer.ts';
import { div, idiv, imul, mul } from '../semantics/muldiv.ts';
import { rcl, rcr, rol, ror, sar, shl, shr } from '../semantics/shifts.ts';
import { pop, push } from '../semantics/stack.ts';
import type { Emit, RowOptions, RowTuple } from './row.ts';

const A = { undefined: 'A' } as const;
const LOCK = { lock: true } as const;
const LOCK_A = { lock: true, undefined: 'A' } as const;
/** OF is defined for a count of 1 only. CF of large counts is as processors have it. */
const SHIFT = { undefined: 'OA', byImmediate: true } as const;
const SHIFT_ONE = { undefined: 'A', byImmediate: true } as const;
const SHIFT_CL = { undefined: 'OA' } as const;
const ROTATE = { undefined: 'O', byImmediate: true } as const;
const ROTATE_ONE = { byImmediate: true } as const;
const ROTATE_CL = { undefined: 'O' } as const;
const MUL = { undefined: 'SZAP' } as const;
const DIV = { undefined: 'OSZAPC' } as const;
const BIT = { undefined: 'OSAP' } as const;
const LOCK_BIT = { lock: true, undefined: 'OSAP' } as const;

const GROUP_2: readonly (readonly [string, Emit])[] = [
  ['ROL', rol],
  ['ROR', ror],
  ['RCL', rcl],
  ['RCR', rcr],
  ['SHL', shl],
  ['SHR', shr],
  ['SAL', shl],
  ['SAR', sar],
];
const group2 = (opcode: string, operands: string, rotate: RowOptions, shift: RowOptions): RowTuple[] =>
  GROUP_2.map(([mnemonic, emit], n) => [`${opcode} /${n}`, mnemonic, operands, emit, n < 4 ? rotate : shift]);

/** Opcode extensions by ModRM.reg (SDM 2D, table A-6); far transfers of group 5 are in system.ts. */
// biome-ignore format: opcode map
export const GROUPS: readonly RowTuple[] = [
  // group 1
  ['80 /0',    'ADD',  'Eb,Ib',  add,          LOCK],
  ['80 /1',    'OR',   'Eb,Ib',  or,           LOCK_A],
  ['80 /2',    'ADC',  'Eb,Ib',  adc,          LOCK],
  ['80 /3',    'SBB',  'Eb,Ib',  sbb,          LOCK],
  ['80 /4',    'AND',  'Eb,Ib',  and,          LOCK_A],
  ['80 /5',    'SUB',  'Eb,Ib',  sub,          LOCK],
  ['80 /6',    'XOR',  'Eb,Ib',  xor,          LOCK_A],
  ['80 /7',    'CMP',  'Eb,Ib',  cmp],
  ['81 /0',    'ADD',  'Ev,Iz',  add,          LOCK],
  ['81 /1',    'OR',   'Ev,Iz',  or,           LOCK_A],
  ['81 /2',    'ADC',  'Ev,Iz',  adc,          LOCK],
  ['81 /3',    'SBB',  'Ev,Iz',  sbb,          LOCK],
  ['81 /4',    'AND',  'Ev,Iz',  and,          LOCK_A],
  ['81 /5',    'SUB',  'Ev,Iz',  sub,          LOCK],
  ['81 /6',    'XOR',  'Ev,Iz',  xor,          LOCK_A],
  ['81 /7',    'CMP',  'Ev,Iz',  cmp],
  ['82 /0',    'ADD',  'Eb,Ib',  add,          { lock: true, no64: true }],
  ['82 /1',    'OR',   'Eb,Ib',  or,           { lock: true, no64: true, undefined: 'A' }],
  ['82 /2',    'ADC',  'Eb,Ib',  adc,          { lock: true, no64: true }],
  ['82 /3',    'SBB',  'Eb,Ib',  sbb,          { lock: true, no64: true }],
  ['82 /4',    'AND',  'Eb,Ib',  and,          { lock: true, no64: true, undefined: 'A' }],
  ['82 /5',    'SUB',  'Eb,Ib',  sub,          { lock: true, no64: true }],
  ['82 /6',    'XOR',  'Eb,Ib',  xor,          { lock: true, no64: true, undefined: 'A' }],
  ['82 /7',    'CMP',  'Eb,Ib',  cmp,          { no64: true }],
  ['83 /0',    'ADD',  'Ev,Ibs', add,          LOCK],
  ['83 /1',    'OR',   'Ev,Ibs', or,           LOCK_A],
  ['83 /2',    'ADC',  'Ev,Ibs', adc,          LOCK],
  ['83 /3',    'SBB',  'Ev,Ibs', sbb,          LOCK],
  ['83 /4',    'AND',  'Ev,Ibs', and,          LOCK_A],
  ['83 /5',    'SUB',  'Ev,Ibs', sub,          LOCK],
  ['83 /6',    'XOR',  'Ev,Ibs', xor,          LOCK_A],
  ['83 /7',    'CMP',  'Ev,Ibs', cmp],

  // group 1A
  ['8F /0',    'POP',  'Ev',     pop,          { d64: true }],

  // group 2
  ...group2('C0', 'Eb,Ib', ROTATE, SHIFT),
  ...group2('C1', 'Ev,Ib', ROTATE, SHIFT),
  ...group2('D0', 'Eb,1', ROTATE_ONE, SHIFT_ONE),
  ...group2('D1', 'Ev,1', ROTATE_ONE, SHIFT_ONE),
  ...group2('D2', 'Eb,CL', ROTATE_CL, SHIFT_CL),
  ...group2('D3', 'Ev,CL', ROTATE_CL, SHIFT_CL),

  // group 3
  ['F6 /0',    'TEST', 'Eb,Ib',  test,         A],
  ['F6 /1',    'TEST', 'Eb,Ib',  test,         A],
  ['F6 /2',    'NOT',  'Eb',     not,          LOCK],
  ['F6 /3',    'NEG',  'Eb',     neg,          LOCK],
  ['F6 /4',    'MUL',  'Eb',     mul,          MUL],
  ['F6 /5',    'IMUL', 'Eb',     imul,         MUL],
  ['F6 /6',    'DIV',  'Eb',     div,          DIV],
  ['F6 /7',    'IDIV', 'Eb',     idiv,         DIV],
  ['F7 /0',    'TEST', 'Ev,Iz',  test,         A],
  ['F7 /1',    'TEST', 'Ev,Iz',  test,         A],
  ['F7 /2',    'NOT',  'Ev',     not,          LOCK],
  ['F7 /3',    'NEG',  'Ev',     neg,          LOCK],
  ['F7 /4',    'MUL',  'Ev',     mul,          MUL],
  ['F7 /5',    'IMUL', 'Ev',     imul,         MUL],
  ['F7 /6',    'DIV',  'Ev',     div,          DIV],
  ['F7 /7',    'IDIV', 'Ev',     idiv,         DIV],

  // groups 4 and 5
  ['FE /0',    'INC',  'Eb',     inc,          LOCK],
  ['FE /1',    'DEC',  'Eb',     dec,          LOCK],
  ['FF /0',    'INC',  'Ev',     inc,          LOCK],
  ['FF /1',    'DEC',  'Ev',     dec,          LOCK],
  ['FF /2',    'CALL', 'Ev',     callIndirect, { f64: true }],
  ['FF /4',    'JMP',  'Ev',     jmpIndirect,  { f64: true }],
  ['FF /6',    'PUSH', 'Ev',     push,         { d64: true }],

  // group 11
  ['C6 /0',    'MOV',  'Eb,Ib',  mov],
  ['C7 /0',    'MOV',  'Ev,Iz',  mov],

  // group 8
  ['0F BA /4', 'BT',   'Ev,Ib',  bt,           { byImmediate: true, ...BIT }],
  ['0F BA /5', 'BTS',  'Ev,Ib',  bts,          { byImmediate: true, ...LOCK_BIT }],
  ['0F BA /6', 'BTR',  'Ev,Ib',  btr,          { byImmediate: true, ...LOCK_BIT }],
  ['0F BA /7', 'BTC',  'Ev,Ib',  btc,          { byImmediate: true, ...LOCK_BIT }],

  // group 9
  ['0F C7 /1', 'CMPXCHG8B/CMPXCHG16B', 'Mq',     (t, dst) => (t.size === 8 ? cmpxchg16b : cmpxchg8b)(t, dst!), LOCK],
];
