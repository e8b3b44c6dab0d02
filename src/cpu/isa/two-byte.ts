import { bsf, bsr, bt, btc, btr, bts, lzcnt, popcnt, tzcnt } from '../semantics/bits.ts';
import { CONDITIONS, cmovcc, jcc, setcc } from '../semantics/conditional.ts';
import { bswap, cmpxchg, mov, movsx, movzx, nop, undefinedInstruction, xadd } from '../semantics/integer.ts';
import { imulTwo } from '../semantics/muldiv.ts';
import { shld, shrd } from '../semantics/shifts.ts';
import { pushSegment } from '../semantics/stack.ts';
import { FS, GS } from '../state.ts';
import type { RowTuple } from './row.ts';

const BIT = { undefined: 'OSAP' } as const;
const LOCK_BIT = { lock: true, undefined: 'OSAP' } as const;
const SHIFT = { undefined: 'OA', byImmediate: true } as const;
const SHIFT_CL = { undefined: 'OA' } as const;

const hex = (byte: number): string => byte.toString(16).toUpperCase();

/** Two-byte opcode map (SDM 2D, table A-3): integer instructions. The sixteen conditions make one row each. */
// biome-ignore format: opcode map
export const TWO_BYTE: readonly RowTuple[] = [
  ['0F 0B',         'UD2',       '',         undefinedInstruction],
  ['0F 19',         'NOP',       'Ev',       nop],
  ['0F 1A',         'NOP',       'Ev',       nop],
  ['0F 1B',         'NOP',       'Ev',       nop],
  ['0F 1C',         'NOP',       'Ev',       nop],
  ['0F 1D',         'NOP',       'Ev',       nop],
  ['0F 1E',         'NOP',       'Ev',       nop],
  ['F3 0F 1E (FA)', 'ENDBR64',   '',         nop],
  ['F3 0F 1E (FB)', 'ENDBR32',   '',         nop],
  // Every CPU with long mode has it: Linux uses it without asking CPUID when the vendor is AMD.
  ['0F 0D m',       'PREFETCHW', 'Mb',       nop],
  ['0F 1F',         'NOP',       'Ev',       nop],

  ...CONDITIONS.map((cc, n): RowTuple => [`0F ${hex(0x40 + n)}`, `CMOV${cc}`, 'Gv,Ev', cmovcc(n), { feature: 'cmov' }]),
  ...CONDITIONS.map((cc, n): RowTuple => [`0F ${hex(0x80 + n)}`, `J${cc}`, 'Jz', jcc(n), { f64: true }]),
  ...CONDITIONS.map((cc, n): RowTuple => [`0F ${hex(0x90 + n)}`, `SET${cc}`, 'Eb', setcc(n)]),

  ['0F A0',         'PUSH',      'FS',       pushSegment(FS), { d64: true }],
  ['0F A3',         'BT',        'Ev,Gv',    bt,              BIT],
  ['0F A4',         'SHLD',      'Ev,Gv,Ib', shld,            SHIFT],
  ['0F A5',         'SHLD',      'Ev,Gv,CL', shld,            SHIFT_CL],
  ['0F A8',         'PUSH',      'GS',       pushSegment(GS), { d64: true }],
  ['0F AB',         'BTS',       'Ev,Gv',    bts,             LOCK_BIT],
  ['0F AC',         'SHRD',      'Ev,Gv,Ib', shrd,            SHIFT],
  ['0F AD',         'SHRD',      'Ev,Gv,CL', shrd,            SHIFT_CL],
  ['0F AF',         'IMUL',      'Gv,Ev',    imulTwo,         { undefined: 'SZAP' }],

  ['0F B0',         'CMPXCHG',   'Eb,Gb',    cmpxchg,         { lock: true }],
  ['0F B1',         'CMPXCHG',   'Ev,Gv',    cmpxchg,         { lock: true }],
  ['0F B3',         'BTR',       'Ev,Gv',    btr,             LOCK_BIT],
  ['0F B6',         'MOVZX',     'Gv,Eb',    movzx],
  ['0F B7',         'MOVZX',     'Gv,Ew',    movzx],
  ['F3 0F B8',      'POPCNT',    'Gv,Ev',    popcnt,          { feature: 'popcnt' }],
  ['0F B9',         'UD1',       'Gv,Ev',    undefinedInstruction],
  ['0F BB',         'BTC',       'Ev,Gv',    btc,             LOCK_BIT],
  ['0F BC',         'BSF',       'Gv,Ev',    bsf,             { undefined: 'OSAPC' }],
  ['F3 0F BC',      'TZCNT',     'Gv,Ev',    tzcnt,           { feature: 'bmi1', undefined: 'OSAP' }],
  ['0F BD',         'BSR',       'Gv,Ev',    bsr,             { undefined: 'OSAPC' }],
  ['F3 0F BD',      'LZCNT',     'Gv,Ev',    lzcnt,           { feature: 'abm', undefined: 'OSAP' }],
  ['0F BE',         'MOVSX',     'Gv,Eb',    movsx],
  ['0F BF',         'MOVSX',     'Gv,Ew',    movsx],

  ['0F C0',         'XADD',      'Eb,Gb',    xadd,            { lock: true }],
  ['0F C1',         'XADD',      'Ev,Gv',    xadd,            { lock: true }],
  ['NP 0F C3',      'MOVNTI',    'My,Gy',    mov,             { feature: 'sse2' }],
  ['0F C8+r',       'BSWAP',     'Zv',       bswap],
  ['0F FF',         'UD0',       'Gv,Ev',    undefinedInstruction],
];
