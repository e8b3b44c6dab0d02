import { combineBy, insertps, pcmpestri, pcmpestrm, pcmpistri, pcmpistrm } from '../semantics/vector-int.ts';
import { pextr, pextrdq, pinsr, pinsrdq } from '../semantics/vector-move.ts';
import type { RowTuple } from './row.ts';

const SSSE3 = { unit: 'sse', feature: 'ssse3' } as const;
const SSE4_1 = { unit: 'sse', feature: 'sse4.1' } as const;
const SSE4_2 = { unit: 'sse', feature: 'sse4.2' } as const;

/** SSSE3 to SSE4.2 in the map 0F3A (SDM 2D table A-5). */
// biome-ignore format: opcode map
export const SSE_0F3A: readonly RowTuple[] = [
  ['66 0F 3A 08', 'ROUNDPS',   'Vps,Wps,Ib',   combineBy('roundps'), SSE4_1],
  ['66 0F 3A 09', 'ROUNDPD',   'Vpd,Wpd,Ib',   combineBy('roundpd'), SSE4_1],
  ['66 0F 3A 0A', 'ROUNDSS',   'Vss,Wss,Ib',   combineBy('roundss'), SSE4_1],
  ['66 0F 3A 0B', 'ROUNDSD',   'Vsd,Wsd,Ib',   combineBy('roundsd'), SSE4_1],
  ['66 0F 3A 0C', 'BLENDPS',   'Vdq,Wdq,Ib',   combineBy('blendps'), SSE4_1],
  ['66 0F 3A 0D', 'BLENDPD',   'Vdq,Wdq,Ib',   combineBy('blendpd'), SSE4_1],
  ['66 0F 3A 0E', 'PBLENDW',   'Vdq,Wdq,Ib',   combineBy('pblendw'), SSE4_1],
  ['66 0F 3A 0F', 'PALIGNR',   'Vdq,Wdq,Ib',   combineBy('palignr'), SSSE3],
  ['66 0F 3A 14', 'PEXTRB',    'RdMb,Vdq,Ib',  pextr('pextrb'),      SSE4_1],
  ['66 0F 3A 15', 'PEXTRW',    'RdMw,Vdq,Ib',  pextr('pextrw'),      SSE4_1],
  ['66 0F 3A 16', 'PEXTRD/PEXTRQ', 'Ey,Vdq,Ib',    pextrdq,              SSE4_1],
  ['66 0F 3A 17', 'EXTRACTPS', 'Ed,Vdq,Ib',    pextr('pextrd'),      SSE4_1],
  ['66 0F 3A 20', 'PINSRB',    'Vdq,RdMb,Ib',  pinsr('pinsrb'),      SSE4_1],
  ['66 0F 3A 21', 'INSERTPS',  'Vdq,UdqMd,Ib', insertps,             SSE4_1],
  ['66 0F 3A 22', 'PINSRD/PINSRQ', 'Vdq,Ey,Ib',    pinsrdq,              SSE4_1],
  ['66 0F 3A 40', 'DPPS',      'Vps,Wps,Ib',   combineBy('dpps'),    SSE4_1],
  ['66 0F 3A 41', 'DPPD',      'Vpd,Wpd,Ib',   combineBy('dppd'),    SSE4_1],
  ['66 0F 3A 42', 'MPSADBW',   'Vdq,Wdq,Ib',   combineBy('mpsadbw'), SSE4_1],
  ['66 0F 3A 60', 'PCMPESTRM', 'Vdq,Wdq,Ib',   pcmpestrm,            SSE4_2],
  ['66 0F 3A 61', 'PCMPESTRI', 'Vdq,Wdq,Ib',   pcmpestri,            SSE4_2],
  ['66 0F 3A 62', 'PCMPISTRM', 'Vdq,Wdq,Ib',   pcmpistrm,            SSE4_2],
  ['66 0F 3A 63', 'PCMPISTRI', 'Vdq,Wdq,Ib',   pcmpistri,            SSE4_2],
];
