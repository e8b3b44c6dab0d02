import { MMX_ROWS } from '../../src/cpu/isa/mmx.ts';
import { makeRows, type Row } from '../../src/cpu/isa/row.ts';
import { SSE_0F } from '../../src/cpu/isa/sse-0f.ts';
import { SSE_0F3A } from '../../src/cpu/isa/sse-0f3a.ts';
import { SSE_0F38 } from '../../src/cpu/isa/sse-0f38.ts';
import { X87_ROWS } from '../../src/cpu/isa/x87.ts';

/** Rows that are compared with the host's CPU on random operands (sse.test.ts, x87.test.ts). */
export const vectorRows = (): Row[] => makeRows([MMX_ROWS, SSE_0F, SSE_0F38, SSE_0F3A]);
export const x87Rows = (): Row[] => makeRows([X87_ROWS]).filter(({ match }) => match.map === '1');
