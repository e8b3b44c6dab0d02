import { crc32 } from '../semantics/bits.ts';
import { movbe } from '../semantics/integer.ts';
import type { RowTuple } from './row.ts';

/** Three-byte opcode map 0F 38 (SDM 2D, table A-4): integer instructions. */
// biome-ignore format: opcode map
export const INTEGER_0F38: readonly RowTuple[] = [
  ['NP 0F 38 F0', 'MOVBE', 'Gv,Mv', movbe, { feature: 'movbe' }],
  ['66 0F 38 F0', 'MOVBE', 'Gv,Mv', movbe, { feature: 'movbe' }],
  ['F2 0F 38 F0', 'CRC32', 'Gy,Eb', crc32, { feature: 'sse4.2' }],
  ['NP 0F 38 F1', 'MOVBE', 'Mv,Gv', movbe, { feature: 'movbe' }],
  ['66 0F 38 F1', 'MOVBE', 'Mv,Gv', movbe, { feature: 'movbe' }],
  ['F2 0F 38 F1', 'CRC32', 'Gy,Ev', crc32, { feature: 'sse4.2' }],
];
