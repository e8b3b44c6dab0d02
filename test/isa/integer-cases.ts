import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { emits, type TestTier } from '../support/tiers.ts';
import { type Case, CODE, parseCases } from './cases.ts';
import { NOPS } from './jit-frame.ts';

/** Compiling takes time: the jit tier runs one case of so many. */
const JIT_STRIDE = 3;
const decode = createDecoder({ features: parseCpuModel('max').features });

/** A branch to the beginning of what stands in front of the case: in a region that is a loop, which goes on. */
const loops = ({ changed }: Case): boolean => changed.includes(`rip=${(CODE - NOPS).toString(16)}`);

/** The row of an instruction. */
export function rowOf(bytes: Uint8Array, mode: number): Row {
  const insn = decode(Buffer.concat([bytes, Buffer.alloc(15)]), 0, 15, mode, CODE, 0);
  if (insn === 'truncated') throw new Error('a case holds half an instruction');
  return insn.row;
}

/** The recorded cases that a tier runs. */
export function integerCases(tier: TestTier, width: 32 | 64): { readonly test: Case; readonly row: Row }[] {
  const mode = width === 64 ? MODE.CODE_64 | MODE.LMA : MODE.CODE_32;
  const text = readFileSync(join(import.meta.dirname, `integer-${width}.txt`), 'utf8');
  return parseCases(text)
    .filter((test, n) => !emits(tier) || (n % JIT_STRIDE === 0 && !loops(test)))
    .map((test) => ({ test, row: rowOf(test.bytes, mode) }));
}
