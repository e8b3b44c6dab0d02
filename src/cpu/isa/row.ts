import type { Emitter } from '../emitter.ts';
import type { Operand } from '../insn.ts';
import { FLAG } from '../state.ts';

/** What an instruction does, said in IR. Operands come in the row's order. */
export type Emit = (t: Emitter, ...operands: Operand[]) => void;

export interface RowOptions {
  /** LOCK is allowed when the first operand is in memory. */
  readonly lock?: true;
  /** Only in 64-bit mode, or nowhere in 64-bit mode: #UD otherwise. */
  readonly only64?: true;
  readonly no64?: true;
  /** #UD in real-address and virtual-8086 mode. */
  readonly protectedOnly?: true;
  /** The operand size is 64 bits in 64-bit mode without REX.W (66h gives 16). */
  readonly d64?: true;
  /** Near branch: 64 bits in 64-bit mode whatever the prefixes say (Intel; AMD obeys 66h). */
  readonly f64?: true;
  /** #GP(0) unless CPL is 0. */
  readonly cpl0?: true;
  /** CPUID feature without which the instruction is #UD (names as in cpuid.ts). */
  readonly feature?: string;
  /** Flags that the SDM leaves undefined, e.g. 'OSZAP'. Tests mask them. */
  readonly undefined?: string;
  /** x87, MMX or SSE state is used: device-not-available and feature checks come first. */
  readonly unit?: 'x87' | 'mmx' | 'sse' | 'fwait';
  /** An x87 instruction that does not report pending exceptions (FNxxx). */
  readonly noWait?: true;
  /** The emit function looks at the immediate's number: the interpreter makes a form for each value. */
  readonly byImmediate?: true;
  /** The emit function asks whether two register operands are the same. */
  readonly byRegister?: true;
}

/**
 * One line of an opcode map: opcode, mnemonic, operands in the SDM's codes (Vol. 2D, appendix A), meaning.
 *
 * Opcode notation, after Vol. 2A 3.1.1.1: hexadecimal bytes; `/n` the reg field of ModR/M; `/n m` or `m` only
 * with a memory operand, `/n r` or `r` only with a register one; `+r` a register number in the low three bits
 * (the row stands for eight opcodes); a last byte in parentheses, `0F 01 (C8)`, is the whole ModR/M byte.
 * A first word `NP`, `66`, `F3` or `F2` is the mandatory prefix, `VEX.NP|66|F3|F2` a VEX prefix with that pp.
 */
export type RowTuple = readonly [opcode: string, mnemonic: string, operands: string, emit: Emit, options?: RowOptions];

export interface Row {
  readonly id: number;
  readonly opcode: string;
  readonly mnemonic: string;
  readonly operands: readonly string[];
  readonly emit: Emit;
  readonly options: RowOptions;
  readonly match: Match;
}

/** The parsed opcode column. */
export interface Match {
  readonly map: OpcodeMap;
  readonly byte: number;
  /** The row stands for `byte` .. `byte + 7`. */
  readonly plusRegister: boolean;
  readonly prefix: 'any' | 'NP' | '66' | 'F3' | 'F2';
  readonly reg: number | undefined;
  readonly mod: 'any' | 'm' | 'r';
  readonly modrm: number | undefined;
}

export const MAPS = ['1', '0F', '0F38', '0F3A', 'VEX0F', 'VEX0F38', 'VEX0F3A'] as const;
type OpcodeMap = (typeof MAPS)[number];

function parseOpcode(text: string): Match {
  const words = text.split(/ +/);
  let prefix: Match['prefix'] = 'any';
  let vex = '';
  const first = words[0]!;
  if (first.startsWith('VEX.')) {
    vex = 'VEX';
    prefix = first.slice(4) as Match['prefix'];
    words.shift();
  } else if (first === 'NP' || (['66', 'F3', 'F2'].includes(first) && /^[0-9A-F]{2}/.test(words[1] ?? ''))) {
    prefix = first as Match['prefix'];
    words.shift();
  }
  let map: OpcodeMap = '1';
  if (words[0] === '0F') {
    words.shift();
    const byte: string = words[0]!;
    const second = byte === '38' || byte === '3A' ? byte : '';
    if (second !== '') words.shift();
    map = `${vex}0F${second}` as OpcodeMap;
  }
  const opcode = words.shift()!;
  const plusRegister = opcode.endsWith('+r');
  let reg: number | undefined;
  let mod: Match['mod'] = 'any';
  let modrm: number | undefined;
  for (const word of words) {
    if (word.startsWith('/')) reg = Number(word.slice(1));
    else if (word === 'm' || word === 'r') mod = word;
    else if (word.startsWith('(')) modrm = Number.parseInt(word.slice(1, 3), 16);
    else throw new Error(`opcode "${text}": cannot read "${word}"`);
  }
  const byte = Number.parseInt(opcode, 16);
  if (!(byte >= 0 && byte <= 255)) throw new Error(`opcode "${text}": "${opcode}" is not a byte`);
  return { map, byte, plusRegister, prefix, reg, mod, modrm };
}

/** Turns tables into rows, numbered in order. */
export function makeRows(tables: readonly (readonly RowTuple[])[]): Row[] {
  return tables.flat().map(([opcode, mnemonic, operands, emit, options = {}], id) => ({
    id,
    opcode,
    mnemonic,
    operands: operands === '' ? [] : operands.split(','),
    emit,
    options,
    match: parseOpcode(opcode),
  }));
}

const FLAG_OF: Readonly<Record<string, number>> = {
  O: FLAG.OF,
  S: FLAG.SF,
  Z: FLAG.ZF,
  A: FLAG.AF,
  P: FLAG.PF,
  C: FLAG.CF,
};

/** RFLAGS bits that a row's instruction leaves undefined. */
export const undefinedFlags = ({ options }: Row): number =>
  [...(options.undefined ?? '')].reduce((mask, letter) => mask | FLAG_OF[letter]!, 0);
