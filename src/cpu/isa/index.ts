import { VECTOR } from '../fault.ts';
import { type Emit, makeRows, type Row, type RowTuple } from './row.ts';

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

const TABLES: readonly (readonly RowTuple[])[] = [];

/** Every row: `ROWS[n].id` is `n`. The first two stand for no opcode. */
export const ROWS: readonly Row[] = makeRows([INVALID, ...TABLES]);
export const UD_ROW: Row = ROWS[0]!;
export const GP_ROW: Row = ROWS[1]!;
/** The rows of the opcode maps. */
export const OPCODE_ROWS: readonly Row[] = ROWS.slice(INVALID.length);
