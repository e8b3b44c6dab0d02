import { createDecoder, type Decode } from './decode.ts';
import type { Insn, MemoryOperand, Operand } from './insn.ts';
import { OPCODE_ROWS } from './isa/index.ts';
import { featuresOf } from './isa/lookup.ts';
import { MODE } from './mode.ts';
import { type OperandSpec, operandSpec, SIZE, SOURCE } from './operands.ts';

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const BYTES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const HIGH_BYTES = ['ah', 'ch', 'dh', 'bh'];
const WORDS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const POINTERS: Readonly<Record<number, string>> = {
  1: 'BYTE PTR ',
  2: 'WORD PTR ',
  4: 'DWORD PTR ',
  6: 'FWORD PTR ',
  8: 'QWORD PTR ',
  10: 'TBYTE PTR ',
  16: 'XMMWORD PTR ',
};

/** Condition suffixes of the SDM's opcode map that GNU spells otherwise. */
const CONDITIONS: Readonly<Record<string, string>> = { NB: 'ae', Z: 'e', NZ: 'ne', NBE: 'a', NL: 'ge', NLE: 'g' };
const CONDITIONAL = /^(J|SET|CMOV)(NB|Z|NZ|NBE|NL|NLE)$/;
const SYNONYMS: Readonly<Record<string, string>> = { SAL: 'shl' };
/** Instructions that say their operand size by a suffix when it is not the mode's own. */
const SUFFIXED = new Set('PUSHA POPA PUSHF POPF ENTER LEAVE RET RETF IRET FLDENV FNSTENV FRSTOR FNSAVE'.split(' '));
/** PUSH and POP of segment registers and immediates, near branches. */
const SUFFIXED_OPERANDS = /^(PUSH|POP) (Iz|Ibs|[C-G]S|SS)$|^(CALL|JMP) Jz$/;
const REPEATED_WHILE_EQUAL = new Set(['CMPS', 'SCAS']);
const BRANCHES = /^(J|CALL|RET)/;

/** Names of a row that stands for several, by size: `CBW/CWDE/CDQE`. */
function named(insn: Insn): string {
  const { mnemonic } = insn.row;
  if (!mnemonic.includes('/')) return mnemonic;
  const names = mnemonic.split('/');
  const size = mnemonic.startsWith('JCXZ') ? insn.addressSize : insn.operandSize;
  const steps = names.length === 3 ? [2, 4, 8] : [4, 8];
  return names[Math.max(steps.indexOf(size), 0)]!;
}

function mnemonic(insn: Insn): string {
  const name = named(insn);
  const conditional = CONDITIONAL.exec(name);
  if (conditional !== null) return conditional[1]!.toLowerCase() + CONDITIONS[conditional[2]!]!;
  if (usesWideImmediate(insn)) return 'movabs';
  const suffixed = SUFFIXED.has(name) || SUFFIXED_OPERANDS.test(`${name} ${insn.row.operands[0]}`);
  return (SYNONYMS[name] ?? name.toLowerCase()) + (suffixed ? sizeSuffix(insn) : '');
}

function sizeSuffix({ mode, operandSize, row }: Insn): string {
  const code = mode & MODE.CODE;
  const natural = code === MODE.CODE_16 ? 2 : code === MODE.CODE_64 && (row.options.d64 || row.options.f64) ? 8 : 4;
  if (operandSize === natural || (operandSize === 8 && row.options.unit === 'x87')) return '';
  return operandSize === 2 ? 'w' : operandSize === 4 ? 'd' : 'q';
}

/** MOV with an 8-byte immediate or offset. */
function usesWideImmediate(insn: Insn): boolean {
  return insn.row.operands.some((code, i) => {
    const { source } = operandSpec(code);
    if (source === SOURCE.OFFSET) return insn.addressSize === 8;
    return source === SOURCE.IMMEDIATE && insn.operands[i]!.size === 8;
  });
}

function repeat({ rep, row }: Insn): string {
  if (rep === 0 || row.match.prefix !== 'any') return '';
  if (rep === 0xf2) return BRANCHES.test(row.mnemonic) ? 'bnd ' : 'repnz ';
  const string = row.operands.some((code) => code.startsWith('X') || code.startsWith('Y'));
  return string && !REPEATED_WHILE_EQUAL.has(row.mnemonic) ? 'rep ' : 'repz ';
}

const hex = (low: number, high: number): string =>
  high === 0 ? `0x${(low >>> 0).toString(16)}` : `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`;

function gprName(reg: number, size: number, high: boolean): string {
  if (high) return HIGH_BYTES[reg]!;
  if (reg >= 8) return `r${reg}${size === 1 ? 'b' : size === 2 ? 'w' : size === 4 ? 'd' : ''}`;
  if (size === 1) return BYTES[reg]!;
  return `${size === 2 ? '' : size === 4 ? 'e' : 'r'}${WORDS[reg]}`;
}

/** Displacement behind a register: `+0x10`, `-0x8`. */
const displacement = (disp: number): string =>
  disp === 0 ? '' : disp < 0 ? `-0x${(-disp).toString(16)}` : `+0x${disp.toString(16)}`;

function address(insn: Insn, operand: MemoryOperand): string {
  const { addressSize } = insn;
  const { base, index, scale, seg } = operand;
  const disp = operand.disp as number;
  const segment = `${SEGMENTS[seg]}:`;
  const explicit = insn.segOverride >= 0 ? segment : '';
  if (base === undefined && index === undefined) {
    const high = addressSize === 8 ? (operand.dispHigh as number) : 0;
    return segment + hex(addressSize === 2 ? disp & 0xffff : disp, high);
  }
  const parts: string[] = [];
  if (base !== undefined) parts.push(gprName(base as number, addressSize, false));
  if (index !== undefined) {
    const factor = addressSize === 2 ? '' : `*${1 << (scale as number)}`;
    parts.push(gprName(index as number, addressSize, false) + factor);
  }
  return `${explicit}[${parts.join('+')}${displacement(disp)}]`;
}

function memory(insn: Insn, operand: MemoryOperand, { source, size }: OperandSpec): string {
  if (source === SOURCE.OFFSET) return address(insn, operand);
  const string = source === SOURCE.STRING_SOURCE || source === SOURCE.STRING_DESTINATION;
  const pointer = size === SIZE.S ? '' : (POINTERS[operand.size] ?? '');
  if (!string) return pointer + address(insn, operand);
  return `${pointer}${SEGMENTS[operand.seg]}:[${gprName(operand.base as number, insn.addressSize, false)}]`;
}

function operandText(insn: Insn, operand: Operand, code: string): string {
  const spec = operandSpec(code);
  const { source } = spec;
  switch (operand.kind) {
    case 'gpr':
      return gprName(operand.reg as number, operand.size, operand.high);
    case 'mem':
      return memory(insn, operand, spec);
    case 'imm':
      return source === SOURCE.ONE ? '1' : hex(operand.low as number, operand.high as number);
    case 'rel':
      return hex(insn.target[0] as number, insn.target[1] as number);
    case 'far':
      return `${hex(operand.selector as number, 0)}:${hex(operand.offset as number, 0)}`;
    case 'st':
      return source === SOURCE.FIXED ? 'st' : `st(${operand.reg})`;
    case 'sreg':
      return SEGMENTS[operand.reg as number]!;
    case 'mmx':
      return `mm${operand.reg}`;
    default:
      return `${operand.kind === 'creg' ? 'cr' : operand.kind === 'dreg' ? 'dr' : 'xmm'}${operand.reg}`;
  }
}

/**
 * One instruction in Intel syntax, as GNU objdump -M intel writes it, with one blank after the mnemonic. It shows
 * what the instruction means, not how it was encoded: a displacement of 0, prefixes without effect and a
 * base of RIP are not there (a RIP-relative address is the address).
 */
export function disassemble(insn: Insn): string {
  if (insn.row.mnemonic.startsWith('(')) return insn.row.mnemonic;
  const codes = insn.row.operands.filter((code) => operandSpec(code).source !== SOURCE.NONE);
  const operands = insn.operands.map((operand, i) => operandText(insn, operand, codes[i]!)).join(',');
  const text = `${insn.lock ? 'lock ' : ''}${repeat(insn)}${mnemonic(insn)}`;
  return operands === '' ? text : `${text} ${operands}`;
}

let decodeAll: Decode | undefined;

/** Disassembles the instruction at the start of `bytes` with every feature there is; undefined: bytes are missing. */
export function disassembleBytes(
  bytes: Uint8Array,
  mode: number,
  ip: readonly [low: number, high: number],
): { text: string; length: number } | undefined {
  decodeAll ??= createDecoder({ features: featuresOf(OPCODE_ROWS) });
  const insn = decodeAll(bytes, 0, bytes.length, mode, ip[0], ip[1]);
  return insn === 'truncated' ? undefined : { text: disassemble(insn), length: insn.length };
}
