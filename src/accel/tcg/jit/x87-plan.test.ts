import { expect, test } from 'vitest';
import { parseCpuModel } from '../../../cpu/cpuid.ts';
import { createDecoder } from '../../../cpu/decode.ts';
import { MODE } from '../../../cpu/mode.ts';
import { translateInsn } from '../../../cpu/translate.ts';
import { planX87 } from './x87-plan.ts';

const decode = createDecoder({ features: parseCpuModel('max').features });
const INSTRUCTIONS = {
  'fld st1': [0xd9, 0xc1],
  'fld st0': [0xd9, 0xc0],
  fld1: [0xd9, 0xe8],
  fldpi: [0xd9, 0xeb],
  'fadd st0,st1': [0xd8, 0xc1],
  'faddp st1': [0xde, 0xc1],
  'fxch st2': [0xd9, 0xca],
  'fst st3': [0xdd, 0xd3],
  'fstp st0': [0xdd, 0xd8],
  fnop: [0xd9, 0xd0],
  'fnstsw ax': [0xdf, 0xe0],
  fxtract: [0xd9, 0xf4],
  'inc eax': [0x40],
} as const;

/** Of each instruction: its part, or what must hold where it begins a run. */
function plan(...names: (keyof typeof INSTRUCTIONS)[]) {
  const irs = names.map((name) => {
    const insn = decode(Uint8Array.from([...INSTRUCTIONS[name], ...new Array(15).fill(0)]), 0, 15, MODE.CODE_32, 0, 0);
    if (insn === 'truncated') throw new Error(`${name} is cut off`);
    return translateInsn(insn);
  });
  return planX87(irs).map((part) => (typeof part === 'string' ? part : (part.start ?? 'goes on')));
}

test('a run asks at its beginning for all registers that it finds full or empty', () => {
  expect(plan('fld st1', 'fadd st0,st1', 'fxch st2', 'faddp st1')).toEqual([
    { full: 0b11, empty: 0b10000000, rounds: true, used: 0b10000011 },
    'goes on',
    'goes on',
    'goes on',
  ]);
});

test('what a run itself has made full or empty is not asked for', () => {
  expect(plan('fld1', 'fld1', 'faddp st1', 'fstp st0', 'fld1')).toEqual([
    { full: 0, empty: 0b11000000, rounds: true, used: 0b11000000 },
    ...['goes on', 'goes on', 'goes on', 'goes on'],
  ]);
  expect(plan('fst st3', 'fxch st2')[0]).toMatchObject({ full: 0b101, empty: 0, used: 0b1101 });
});

test('only what rounds wants the usual precision and rounding', () => {
  expect(plan('fld1')[0]).toMatchObject({ rounds: false });
  expect(plan('fldpi')[0]).toMatchObject({ rounds: true });
});

test('what looks at the status, or has no text, ends a run; other instructions do not', () => {
  const start = { full: 0, empty: 0b10000000, rounds: false, used: 0b10000000 };
  expect(plan('fld1', 'inc eax', 'fld1', 'fnstsw ax', 'fld1', 'fxtract', 'fld1', 'fnop')).toEqual([
    { ...start, empty: 0b11000000, used: 0b11000000 },
    ...['other', 'goes on', 'end', start, 'end', start, 'end'],
  ]);
});

test('where the stack is known not to do, another run begins, which fails', () => {
  const pushes = new Array<'fld1'>(7).fill('fld1');
  expect(plan('fadd st0,st1', ...pushes)).toMatchObject([
    { full: 0b11, empty: 0b11111100 },
    ...new Array(6).fill('goes on'),
    { full: 0, empty: 0b10000000 },
  ]);
});
