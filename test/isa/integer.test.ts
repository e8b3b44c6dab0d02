import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { apply, type Case, CODE, clone, difference, formatCase, parseCases, stateOf } from './cases.ts';
import { TestMachine } from './machine.ts';

const decode = createDecoder({ features: parseCpuModel('max').features });
const FLAG_OF: Readonly<Record<string, number>> = { O: 0x800, S: 0x80, Z: 0x40, A: 0x10, P: 4, C: 1 };

/** Compiling takes time: one case of so many. */
const JIT_STRIDE = 3;
/** Two NOPs and a jump: a region is made of three instructions at least, and the budget must end with a block. */
const FOLLOWED_BY = { bytes: Buffer.from('9090eb00', 'hex'), instructions: 3 };
/** Instructions that a region leaves to the interpreter or that go elsewhere. */
const ENDS_BLOCK = /^(J|CALL|RET|LOOP|UD|MOVS$|STOS|LODS|CMPS|SCAS)/;

/** Flags that must agree: those that the row does not leave undefined. */
const definedFlags = (row: Row): number =>
  [...(row.options.undefined ?? '')].reduce((mask, letter) => mask & ~FLAG_OF[letter]!, 0xcd5);

function rowOf(bytes: Uint8Array, mode: number): Row {
  const insn = decode(Buffer.concat([bytes, Buffer.alloc(15)]), 0, 15, mode, CODE, 0);
  if (insn === 'truncated') throw new Error('a case holds half an instruction');
  return insn.row;
}

const allCases = (width: 32 | 64): Case[] =>
  parseCases(readFileSync(join(import.meta.dirname, `integer-${width}.txt`), 'utf8'));

function outcome(run: () => string): string {
  try {
    return run();
  } catch (thrown) {
    return String(thrown);
  }
}

/** What the machine does otherwise than the host, one line a case. */
function failures(tier: Tier, width: 32 | 64, machine = new TestMachine(tier, width)): string[] {
  const long = width === 64;
  const mode = long ? MODE.CODE_64 | MODE.LMA : MODE.CODE_32;
  const wrong: string[] = [];
  const cases = allCases(width);
  for (let n = 0; n < cases.length; n += tier === 'jit' ? JIT_STRIDE : 1) {
    const test = cases[n]!;
    const { bytes, seed, given, changed } = test;
    const row = rowOf(bytes, mode);
    if (tier === 'jit' && ENDS_BLOCK.test(row.mnemonic)) continue;
    const before = apply(given, stateOf(seed, long));
    const wanted = clone(before);
    const faults = changed.includes('#');
    const run = tier === 'jit' ? Buffer.concat([bytes, FOLLOWED_BY.bytes]) : bytes;
    if (!faults) wanted.rip += BigInt(run.length);
    apply(changed, wanted);
    const instructions = tier === 'jit' ? 1 + FOLLOWED_BY.instructions : 1;
    const delta = outcome(() => difference(wanted, machine.run(run, before, instructions), definedFlags(row)));
    if (delta !== '-') wrong.push(`${row.opcode} ${row.mnemonic} ${row.operands} | ${formatCase(test)} | got ${delta}`);
  }
  return wrong;
}

describe.each(['eval', 'interp'] as const)('instructions as the host CPU does them (%s)', (tier) => {
  it.each([64, 32] as const)('in %i-bit code', { timeout: 60_000 }, (width) => {
    expect(failures(tier, width)).toEqual([]);
  });
});

describe('instructions as the host CPU does them, compiled as a region', () => {
  it.each([64, 32] as const)('in %i-bit code', { timeout: 60_000 }, (width) => {
    const machine = new TestMachine('jit', width);
    expect(failures('jit', width, machine)).toEqual([]);
    expect(machine.vcpu.regions!.stats.made).toBeGreaterThan(100);
  });
});
