import { expect, test } from 'vitest';
import { parseCpuModel } from '../../cpu/cpuid.ts';
import { createDecoder } from '../../cpu/decode.ts';
import { printIr } from '../../cpu/ir/print.ts';
import { OPCODE_ROWS } from '../../cpu/isa/index.ts';
import { MODE } from '../../cpu/mode.ts';
import { existsIn, randomInstruction } from '../../cpu/random-instruction.ts';
import { translateInsn } from '../../cpu/translate.ts';
import { shapeKey, symbolise } from './forms.ts';

const FLAT = 0x3f << MODE.FLAT_SHIFT;
const MODES = {
  '16-bit': MODE.CODE_16 | MODE.REAL,
  '32-bit': MODE.CODE_32 | MODE.STACK_32 | FLAT,
  '64-bit': MODE.CODE_64 | MODE.LMA,
};
/** Of each row. */
const INSTRUCTIONS = 30;
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

/** Numbers below a bound, the same each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each(Object.entries(MODES))('instructions of one shape mean the same, in %s code', (_name, mode) => {
  const decode = createDecoder({ features: parseCpuModel('max').features });
  const random = randomOf(1);
  for (const row of OPCODE_ROWS.filter((one) => existsIn(one, mode))) {
    const texts = new Map<number, string>();
    for (let n = 0; n < INSTRUCTIONS; n++) {
      const { bytes } = randomInstruction(row, random, mode);
      const prefix = random(2) === 0 ? [] : [SEGMENT_PREFIXES[random(SEGMENT_PREFIXES.length)]!];
      const code = Uint8Array.from([...prefix, ...bytes]);
      const insn = decode(code, 0, code.length, mode, 0x1000, 0);
      if (insn === 'truncated' || insn.row !== row) continue;
      const key = shapeKey(insn);
      const text = printIr(translateInsn(symbolise(insn)));
      expect(text, `${row.opcode} ${row.mnemonic}: ${Buffer.from(code).toString('hex')}`).toBe(texts.get(key) ?? text);
      texts.set(key, text);
    }
  }
});
