import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../src/cpu/decode.ts';
import { disassemble } from '../../src/cpu/disassemble.ts';
import { OPCODE_ROWS } from '../../src/cpu/isa/index.ts';
import { featuresOf } from '../../src/cpu/isa/lookup.ts';
import { existsIn, randomInstruction } from '../../src/cpu/random-instruction.ts';
import { seeded } from '../support/random.ts';
import {
  ARCHITECTURES,
  type Architecture,
  alike,
  cutTarget,
  gnuText,
  hasObjdump,
  isBeyond,
  isOnlyPrefixes,
  objdump,
  sectionOf,
} from './gnu-objdump.ts';

const decode = createDecoder({ features: featuresOf(OPCODE_ROWS) });

interface Comparison {
  compared: number;
  lengths: string[];
  texts: string[];
}

/**
 * Compares GNU's lines with ours, but for those that are no instruction of this CPU, and where GNU takes
 * FWAIT and the instruction behind it for one.
 */
function compare(code: Uint8Array, architecture: Architecture, starts?: ReadonlySet<number>): Comparison {
  const result: Comparison = { compared: 0, lengths: [], texts: [] };
  for (const { at, length, text } of objdump(code, architecture)) {
    let wanted = gnuText(text);
    if (starts?.has(at) === false || wanted.includes('(bad)') || isBeyond(wanted) || isOnlyPrefixes(text)) continue;
    const insn = decode(code, at, Math.min(15, code.length - at), ARCHITECTURES[architecture], at, 0);
    if (insn === 'truncated') continue;
    const got = disassemble(insn);
    if (got === 'fwait' && length > 1) continue;
    if (insn.operandSize === 2 && insn.operands[0]?.kind === 'rel') wanted = cutTarget(wanted);
    const bytes = Buffer.from(code.subarray(at, at + length)).toString('hex');
    const story = `${bytes}: ${got} (${insn.length}), GNU: ${wanted} (${length})`;
    const isInstruction = !insn.row.mnemonic.startsWith('(');
    result.compared++;
    if (isInstruction && insn.length !== length) result.lengths.push(story);
    if (alike(got) !== alike(wanted)) result.texts.push(story);
  }
  return result;
}

const PROGRAMS: readonly (readonly [file: string, section: string, architecture: Architecture])[] = [
  ['/bin/busybox', '.text', 'i386:x86-64'],
  ['/lib/x86_64-linux-gnu/libm.so.6', '.text', 'i386:x86-64'],
  ['/usr/lib32/libc.so.6', '.text', 'i386'],
  ['/usr/share/seabios/vgabios-stdvga.bin', '', 'i8086'],
];
const MOST = 400_000;

describe.skipIf(!hasObjdump)('against objdump', () => {
  test.each(PROGRAMS.filter(([file]) => existsSync(file)))('%s %s as %s', (file, section, architecture) => {
    const bytes = section === '' ? new Uint8Array(readFileSync(file)) : sectionOf(file, section);
    const { compared, lengths, texts } = compare(bytes.subarray(0, MOST), architecture);
    expect(lengths).toEqual([]);
    expect(texts.length / compared, texts.slice(0, 20).join('\n')).toBeLessThan(0.01);
  });

  test.each(Object.keys(ARCHITECTURES) as Architecture[])('random instructions of every row as %s', (architecture) => {
    const mode = ARCHITECTURES[architecture];
    const slot = 32;
    const rows = OPCODE_ROWS.filter((row) => existsIn(row, mode));
    const each = 12;
    const random = seeded(1);
    const code = new Uint8Array(rows.length * each * slot).fill(0x90);
    const starts = new Set<number>();
    rows.forEach((row, n) => {
      for (let i = 0; i < each; i++) {
        const at = (n * each + i) * slot;
        code.set(randomInstruction(row, random, mode).bytes, at);
        starts.add(at);
      }
    });
    const { lengths, texts } = compare(code, architecture, starts);
    expect(lengths.slice(0, 50)).toEqual([]);
    expect(texts.slice(0, 50)).toEqual([]);
  });
});
