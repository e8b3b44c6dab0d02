import { expect, test } from 'vitest';
import { parseCpuModel } from '../cpuid.ts';
import { createDecoder } from '../decode.ts';
import { canonicalFeature, isFeature, UNSUPPORTED } from '../features.ts';
import { MODE } from '../mode.ts';
import { OPCODE_ROWS, ROWS } from './index.ts';
import { accepts, type Form, featuresOf, MODE_CLASSES, OpcodeTables, PREFIX_CLASSES, rank } from './lookup.ts';
import { MAPS, type Row } from './row.ts';

const nameOf = ({ row }: Form): string => `${row.opcode} ${row.mnemonic} ${row.operands.join(',')}`;

/** Calls back for every opcode byte of every map, prefix and mode, with the rows that it could mean. */
function eachOpcode(visit: (forms: readonly Form[], where: readonly [number, number, number, number]) => void): void {
  const tables = new OpcodeTables(OPCODE_ROWS, featuresOf(OPCODE_ROWS));
  for (let mode = 0; mode < MODE_CLASSES; mode++) {
    for (let map = 0; map < MAPS.length; map++) {
      for (let prefix = 0; prefix < PREFIX_CLASSES.length; prefix++) {
        for (let byte = 0; byte < 256; byte++) {
          const forms = tables.candidates(mode, map, prefix, byte);
          if (forms.length > 0) visit(forms, [mode, map, prefix, byte]);
        }
      }
    }
  }
}

test('no two rows claim the same encoding in the same mode', () => {
  const clashes = new Set<string>();
  eachOpcode((forms) => {
    if (forms.length === 1) return;
    for (let modrm = 0; modrm < 256; modrm++) {
      const [first, second] = forms.filter((form) => !form.modrm || accepts(form, modrm));
      if (first === undefined || second === undefined) continue;
      if (rank(first) === rank(second)) clashes.add(`${nameOf(first)} and ${nameOf(second)}`);
    }
  });
  expect([...clashes]).toEqual([]);
});

test('an opcode has a ModR/M byte in all of its rows or in none', () => {
  const mixed = new Set<string>();
  eachOpcode((forms) => {
    if (new Set(forms.map((form) => form.modrm)).size > 1) mixed.add(forms.map(nameOf).join('; '));
  });
  expect([...mixed]).toEqual([]);
});

test('the decoder reaches every row', () => {
  const tables = new OpcodeTables(OPCODE_ROWS, featuresOf(OPCODE_ROWS));
  const reached = new Set<Row>();
  eachOpcode((_forms, [mode, map, prefix, byte]) => {
    for (const form of tables.entry(mode, map, prefix, byte).forms) if (form !== undefined) reached.add(form.row);
  });
  expect(OPCODE_ROWS.filter((row) => !reached.has(row)).map((row) => row.opcode)).toEqual([]);
});

test('features of rows are features that CPUID knows', () => {
  const unknown = ROWS.flatMap(({ options }) => options.feature ?? []).filter(
    (name) => !isFeature(canonicalFeature(name)) && !UNSUPPORTED.has(canonicalFeature(name)),
  );
  expect(unknown).toEqual([]);
});

test('D9 with a register operand has an instruction wherever table A-10 has one', () => {
  const decode = createDecoder({ features: parseCpuModel('max').features });
  const missing = Array.from({ length: 64 }, (_, i) => 0xc0 + i).filter((modrm) => {
    const insn = decode(Uint8Array.from([0xd9, modrm, ...new Array<number>(14).fill(0)]), 0, 15, MODE.CODE_32, 0, 0);
    return insn === 'truncated' || insn.row.mnemonic === '(bad)';
  });
  const reserved = [0xe2, 0xe3, 0xe6, 0xe7, 0xef];
  expect(missing).toEqual([...Array.from({ length: 15 }, (_, i) => 0xd1 + i), ...reserved]);
});
