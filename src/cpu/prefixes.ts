import { CS, DS, ES, FS, GS, SS } from './state.ts';

/** Bits of a REX prefix (SDM 2A table 2-4). */
export const REX = { B: 1, X: 2, R: 4, W: 8 } as const;

/** Legacy prefixes (SDM 2A 2.1.1). REX is told from INC and DEC by the mode. */
export const PREFIX = { NONE: 0, SEGMENT: 1, OPERAND_SIZE: 2, ADDRESS_SIZE: 3, LOCK: 4, REPEAT: 5, REX: 6 } as const;
const SEGMENT_PREFIXES: readonly (readonly [byte: number, seg: number])[] = [
  [0x26, ES],
  [0x2e, CS],
  [0x36, SS],
  [0x3e, DS],
  [0x64, FS],
  [0x65, GS],
];
/** Segment of an override prefix, or -1. */
export const SEGMENT_OF = new Int8Array(256).fill(-1);
/** Kind of every byte outside and in 64-bit mode. */
export const PREFIX_KIND = new Uint8Array(256);
for (const [byte, seg] of SEGMENT_PREFIXES) {
  SEGMENT_OF[byte] = seg;
  PREFIX_KIND[byte] = PREFIX.SEGMENT;
}
PREFIX_KIND[0x66] = PREFIX.OPERAND_SIZE;
PREFIX_KIND[0x67] = PREFIX.ADDRESS_SIZE;
PREFIX_KIND[0xf0] = PREFIX.LOCK;
PREFIX_KIND[0xf2] = PREFIX.REPEAT;
PREFIX_KIND[0xf3] = PREFIX.REPEAT;
export const PREFIX_KIND_64 = PREFIX_KIND.slice().fill(PREFIX.REX, 0x40, 0x50);
