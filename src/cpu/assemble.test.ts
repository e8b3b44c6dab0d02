import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../test/support/random.ts';
import { encode } from './assemble.ts';
import { createDecoder } from './decode.ts';
import type { Insn } from './insn.ts';
import { OPCODE_ROWS } from './isa/index.ts';
import { featuresOf } from './isa/lookup.ts';
import type { Row } from './isa/row.ts';
import { MODE } from './mode.ts';
import { existsIn, randomInstruction } from './random-instruction.ts';

const decode = createDecoder({ features: featuresOf(OPCODE_ROWS) });
const MODES = [MODE.CODE_64, MODE.CODE_32, MODE.CODE_16, MODE.CODE_16 | MODE.REAL];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function decoded(bytes: Uint8Array, mode: number, ip: readonly [number, number]): Insn {
  const insn = decode(bytes, 0, bytes.length, mode, ip[0], ip[1]);
  if (insn === 'truncated') throw new Error(`${hex(bytes)} is truncated`);
  return insn;
}

const nameOf = (row: Row): string => `${row.opcode} ${row.mnemonic} ${row.operands.join(',')}`;

/** Encodes and decodes a random instruction of a row; a sentence when something is lost. */
function roundTrip(row: Row, seed: number, mode: number): string | undefined {
  const made = randomInstruction(row, seeded(seed), mode);
  const ip = made.prefixes.ip!;
  const insn = decoded(made.bytes, mode, ip);
  const seen = { name: nameOf(insn.row), length: insn.length, operands: insn.operands, lock: insn.lock };
  const wanted = { name: nameOf(row), length: made.bytes.length, operands: made.operands, lock: made.prefixes.lock };
  const sizes = [insn.operandSize, insn.addressSize];
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
    return `${hex(made.bytes)} mode ${mode}: got ${JSON.stringify(seen)}, wanted ${JSON.stringify(wanted)}`;
  }
  const { operandSize, addressSize, target } = made.prefixes;
  if (sizes[0] !== operandSize || sizes[1] !== addressSize) {
    return `${nameOf(row)} ${hex(made.bytes)} mode ${mode}: sizes ${sizes}, wanted ${operandSize},${addressSize}`;
  }
  if (target !== undefined && String(target) !== String(insn.target)) return `${nameOf(row)}: target ${insn.target}`;
  for (let available = 0; available < made.bytes.length; available++) {
    const cut = decode(made.bytes, 0, available, mode, ip[0], ip[1]);
    if (cut !== 'truncated') return `${hex(made.bytes)} cut to ${available} bytes is ${nameOf(cut.row)}`;
  }
  const again = encode(insn.row, insn.operands, mode, {
    operandSize: insn.operandSize,
    addressSize: insn.addressSize,
    rep: made.prefixes.rep ?? 0,
    lock: insn.lock,
    segOverride: insn.segOverride,
    rex: insn.row.match.map.startsWith('VEX') ? 0 : insn.rex,
    ip,
    ...(target === undefined ? {} : { target }),
  });
  return hex(again) === hex(made.bytes) ? undefined : `${hex(made.bytes)} encodes again as ${hex(again)}`;
}

describe('encode and decode', () => {
  test.each(OPCODE_ROWS.map((row) => [nameOf(row), row] as const))('%s', (_name, row) => {
    const modes = MODES.filter((mode) => existsIn(row, mode));
    expect(modes).not.toEqual([]);
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...modes), (seed, mode) => {
        expect(roundTrip(row, seed, mode)).toBeUndefined();
      }),
      { seed: 1, numRuns: 20 },
    );
  });
});

test('any bytes decode in any mode: an instruction of 1 to 15 bytes with all of its operands', () => {
  const random = seeded(1);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: 15 }, () =>
      random(4) === 0 ? [0x0f, 0x66, 0xf2, 0xf3, 0xc4, 0x48][random(6)]! : random(256),
    );
    for (const mode of MODES) {
      const insn = decoded(bytes, mode, [random(0x10000), 0]);
      const complete = insn.operands.every((operand) => operand !== undefined);
      if (!complete || insn.length < 1 || insn.length > 15) throw new Error(`${hex(bytes)} mode ${mode}`);
    }
  }
});
