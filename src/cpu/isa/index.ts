import { VECTOR } from '../fault.ts';
import { INTEGER_0F38 } from './0f38.ts';
import { GROUPS } from './groups.ts';
import { MMX_ROWS } from './mmx.ts';
import { ONE_BYTE } from './one-byte.ts';
import { type Emit, makeRows, type Row, type RowTuple } from './row.ts';
import { SSE_0F } from './sse-0f.ts';
import { SSE_0F3A } from './sse-0f3a.ts';
import { SSE_0F38 } from './sse-0f38.ts';
import { SYSTEM } from './system.ts';
import { TWO_BYTE } from './two-byte.ts';
import { VEX } from './vex.ts';
import { X87_ROWS } from './x87.ts';

const raising =
  (vector: number, errorCode: number): Emit =>
  (t) => {
    t.raise(vector, errorCode);
    t.exit();
  };

/** What the decoder gives for bytes that are no instruction, and for one of more than 15 bytes. */
const INVALID: readonly RowTuple[] = [
  ['0F 0B', '(bad)', '', raising(VECTOR.UD, -1)],
  ['0F 0B', '(too long)', '', raising(VECTOR.GP, 0)],
];

const TABLES: readonly (readonly RowTuple[])[] = [
  ONE_BYTE,
  GROUPS,
  TWO_BYTE,
  SYSTEM,
  INTEGER_0F38,
  VEX,
  X87_ROWS,
  MMX_ROWS,
  SSE_0F,
  SSE_0F38,
  SSE_0F3A,
];

/** Every row: `ROWS[n].id` is `n`. The first two stand for no opcode. */
export const ROWS: readonly Row[] = makeRows([INVALID, ...TABLES]);
export const UD_ROW: Row = ROWS[0]!;
export const GP_ROW: Row = ROWS[1]!;
/** The rows of the opcode maps. */
export const OPCODE_ROWS: readonly Row[] = ROWS.slice(INVALID.length);
