import { combine, ptest } from '../semantics/vector-int.ts';
import { moveAligned } from '../semantics/vector-move.ts';
import type { RowTuple } from './row.ts';

const SSSE3 = { unit: 'sse', feature: 'ssse3' } as const;
const SSE4_1 = { unit: 'sse', feature: 'sse4.1' } as const;
const SSE4_2 = { unit: 'sse', feature: 'sse4.2' } as const;

/** SSSE3 to SSE4.2 in the map 0F38 (SDM 2D table A-4). */
// biome-ignore format: opcode map
export const SSE_0F38: readonly RowTuple[] = [
  ['66 0F 38 00',   'PSHUFB',     'Vdq,Wdq',      combine('pshufb'),     SSSE3],
  ['66 0F 38 01',   'PHADDW',     'Vdq,Wdq',      combine('phaddw'),     SSSE3],
  ['66 0F 38 02',   'PHADDD',     'Vdq,Wdq',      combine('phaddd'),     SSSE3],
  ['66 0F 38 03',   'PHADDSW',    'Vdq,Wdq',      combine('phaddsw'),    SSSE3],
  ['66 0F 38 04',   'PMADDUBSW',  'Vdq,Wdq',      combine('pmaddubsw'),  SSSE3],
  ['66 0F 38 05',   'PHSUBW',     'Vdq,Wdq',      combine('phsubw'),     SSSE3],
  ['66 0F 38 06',   'PHSUBD',     'Vdq,Wdq',      combine('phsubd'),     SSSE3],
  ['66 0F 38 07',   'PHSUBSW',    'Vdq,Wdq',      combine('phsubsw'),    SSSE3],
  ['66 0F 38 08',   'PSIGNB',     'Vdq,Wdq',      combine('psignb'),     SSSE3],
  ['66 0F 38 09',   'PSIGNW',     'Vdq,Wdq',      combine('psignw'),     SSSE3],
  ['66 0F 38 0A',   'PSIGND',     'Vdq,Wdq',      combine('psignd'),     SSSE3],
  ['66 0F 38 0B',   'PMULHRSW',   'Vdq,Wdq',      combine('pmulhrsw'),   SSSE3],
  ['66 0F 38 10',   'PBLENDVB',   'Vdq,Wdq,XMM0', combine('pblendvb'),   SSE4_1],
  ['66 0F 38 14',   'BLENDVPS',   'Vdq,Wdq,XMM0', combine('blendvps'),   SSE4_1],
  ['66 0F 38 15',   'BLENDVPD',   'Vdq,Wdq,XMM0', combine('blendvpd'),   SSE4_1],
  ['66 0F 38 17',   'PTEST',      'Vdq,Wdq',      ptest,                 SSE4_1],
  ['66 0F 38 1C',   'PABSB',      'Vdq,Wdq',      combine('pabsb'),      SSSE3],
  ['66 0F 38 1D',   'PABSW',      'Vdq,Wdq',      combine('pabsw'),      SSSE3],
  ['66 0F 38 1E',   'PABSD',      'Vdq,Wdq',      combine('pabsd'),      SSSE3],
  ['66 0F 38 20',   'PMOVSXBW',   'Vdq,UdqMq',    combine('pmovsxbw'),   SSE4_1],
  ['66 0F 38 21',   'PMOVSXBD',   'Vdq,UdqMd',    combine('pmovsxbd'),   SSE4_1],
  ['66 0F 38 22',   'PMOVSXBQ',   'Vdq,UdqMw',    combine('pmovsxbq'),   SSE4_1],
  ['66 0F 38 23',   'PMOVSXWD',   'Vdq,UdqMq',    combine('pmovsxwd'),   SSE4_1],
  ['66 0F 38 24',   'PMOVSXWQ',   'Vdq,UdqMd',    combine('pmovsxwq'),   SSE4_1],
  ['66 0F 38 25',   'PMOVSXDQ',   'Vdq,UdqMq',    combine('pmovsxdq'),   SSE4_1],
  ['66 0F 38 28',   'PMULDQ',     'Vdq,Wdq',      combine('pmuldq'),     SSE4_1],
  ['66 0F 38 29',   'PCMPEQQ',    'Vdq,Wdq',      combine('pcmpeqq'),    SSE4_1],
  ['66 0F 38 2A m', 'MOVNTDQA',   'Vdq,Mdq',      moveAligned,           SSE4_1],
  ['66 0F 38 2B',   'PACKUSDW',   'Vdq,Wdq',      combine('packusdw'),   SSE4_1],
  ['66 0F 38 30',   'PMOVZXBW',   'Vdq,UdqMq',    combine('pmovzxbw'),   SSE4_1],
  ['66 0F 38 31',   'PMOVZXBD',   'Vdq,UdqMd',    combine('pmovzxbd'),   SSE4_1],
  ['66 0F 38 32',   'PMOVZXBQ',   'Vdq,UdqMw',    combine('pmovzxbq'),   SSE4_1],
  ['66 0F 38 33',   'PMOVZXWD',   'Vdq,UdqMq',    combine('pmovzxwd'),   SSE4_1],
  ['66 0F 38 34',   'PMOVZXWQ',   'Vdq,UdqMd',    combine('pmovzxwq'),   SSE4_1],
  ['66 0F 38 35',   'PMOVZXDQ',   'Vdq,UdqMq',    combine('pmovzxdq'),   SSE4_1],
  ['66 0F 38 37',   'PCMPGTQ',    'Vdq,Wdq',      combine('pcmpgtq'),    SSE4_2],
  ['66 0F 38 38',   'PMINSB',     'Vdq,Wdq',      combine('pminsb'),     SSE4_1],
  ['66 0F 38 39',   'PMINSD',     'Vdq,Wdq',      combine('pminsd'),     SSE4_1],
  ['66 0F 38 3A',   'PMINUW',     'Vdq,Wdq',      combine('pminuw'),     SSE4_1],
  ['66 0F 38 3B',   'PMINUD',     'Vdq,Wdq',      combine('pminud'),     SSE4_1],
  ['66 0F 38 3C',   'PMAXSB',     'Vdq,Wdq',      combine('pmaxsb'),     SSE4_1],
  ['66 0F 38 3D',   'PMAXSD',     'Vdq,Wdq',      combine('pmaxsd'),     SSE4_1],
  ['66 0F 38 3E',   'PMAXUW',     'Vdq,Wdq',      combine('pmaxuw'),     SSE4_1],
  ['66 0F 38 3F',   'PMAXUD',     'Vdq,Wdq',      combine('pmaxud'),     SSE4_1],
  ['66 0F 38 40',   'PMULLD',     'Vdq,Wdq',      combine('pmulld'),     SSE4_1],
  ['66 0F 38 41',   'PHMINPOSUW', 'Vdq,Wdq',      combine('phminposuw'), SSE4_1],
];
