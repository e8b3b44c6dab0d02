import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, formOf } from '../../src/cpu/assemble.ts';
import type { MemoryOperand, Operand } from '../../src/cpu/insn.ts';
import { INTEGER_0F38 } from '../../src/cpu/isa/0f38.ts';
import { GROUPS } from '../../src/cpu/isa/groups.ts';
import { ONE_BYTE } from '../../src/cpu/isa/one-byte.ts';
import { makeRows, type Row } from '../../src/cpu/isa/row.ts';
import { TWO_BYTE } from '../../src/cpu/isa/two-byte.ts';
import { VEX } from '../../src/cpu/isa/vex.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { SOURCE } from '../../src/cpu/operands.ts';
import { existsIn, type RandomInstruction, randomInstruction } from '../../src/cpu/random-instruction.ts';
import { FS, GS, RBP, RBX, RSP } from '../../src/cpu/state.ts';
import {
  apply,
  type Case,
  CODE,
  clone,
  createRandom,
  DATA,
  difference,
  formatCase,
  PAGE,
  type Random,
  REGISTERS,
  type State,
  stateOf,
} from './cases.ts';

/**
 * Records what the host CPU does with random instructions: `npx tsx test/isa/record.ts` writes integer-64.txt
 * and integer-32.txt. Wants gcc (with -m32) and an x86-64 host that has the instructions.
 */
const ROUNDS = 6;
const SOURCE_FILE = join(import.meta.dirname, 'host.c');

class Given {
  readonly items = new Map<string, string>();
  set(reg: number, value: bigint, long: boolean): void {
    this.items.set(REGISTERS[reg]!, BigInt.asUintN(long ? 64 : 32, value).toString(16));
  }
  memory(address: number, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    this.items.set(`@${address.toString(16)}`, bytes.toString('hex'));
  }
  toString(): string {
    return this.items.size === 0 ? '-' : [...this.items].map(([name, text]) => `${name}=${text}`).join(',');
  }
}

const bits = (x: bigint, long: boolean): bigint => BigInt.asIntN(long ? 64 : 32, x);

/** Gives the address registers values that make the operand lie at `target`; undefined when that cannot be. */
function aim(
  operand: MemoryOperand,
  target: number,
  state: State,
  given: Given,
  long: boolean,
): MemoryOperand | undefined {
  const { base, index, scale, disp } = operand as { base?: number; index?: number; scale: number; disp: number };
  if (base === undefined && index === undefined) return { ...operand, disp: target, dispHigh: 0 };
  const away = BigInt(target - disp);
  if (base === undefined) {
    const factor = 1n << BigInt(scale);
    given.set(index!, away / factor, long);
    return away % factor === 0n ? operand : undefined;
  }
  if (base === index) return undefined;
  const scaled = index === undefined ? 0n : bits(state.regs[index]! << BigInt(scale), long);
  given.set(base, away - scaled, long);
  return operand;
}

/** SHLD and SHRD of 16-bit operands by more than 16: undefined, and makers differ. */
function isOpenShift(row: Row, { operands, prefixes }: RandomInstruction, state: State): boolean {
  if (!/^SH[LR]D$/.test(row.mnemonic) || prefixes.operandSize !== 2) return false;
  const count = operands[2]!;
  return ((count.kind === 'imm' ? Number(count.low) : Number(state.regs[1]! & 31n)) & 31) > 16;
}

const isBitString = (row: Row): boolean => /^BT/.test(row.mnemonic) && row.operands[1] === 'Gv';
const isBranch = (row: Row): boolean => /^(J|CALL|RET|LOOP)/.test(row.mnemonic);

/** Operand values that make the interesting things happen. */
function arrange(
  row: Row,
  operands: readonly Operand[],
  state: State,
  given: Given,
  random: Random,
  long: boolean,
): void {
  const set = (reg: number, value: bigint): void => given.set(reg, value, long);
  const free = (reg: number): boolean => !given.items.has(REGISTERS[reg]!);
  if (/^I?DIV/.test(row.mnemonic) && random(4) !== 0) {
    const sign = row.mnemonic === 'IDIV' && random(2) === 0;
    if (free(2)) set(2, sign ? -1n : BigInt(random(3)));
    if (operands[0]!.size === 1 && free(0)) set(0, BigInt(random(0x400)) * (sign ? -1n : 1n));
  }
  if (/^CMPXCHG/.test(row.mnemonic) && random(2) === 0 && operands[0]!.kind === 'gpr' && free(0)) {
    set(0, state.regs[operands[0]!.reg as number]!);
  }
  if (/^(MOVS|STOS|LODS|SCAS|CMPS)$/.test(row.mnemonic)) {
    set(6, BigInt(DATA + 0x100 + random(0x100)));
    set(7, BigInt(DATA + 0x400 + random(0x100)));
    set(1, BigInt(random(3)));
  }
  if (row.mnemonic === 'XLAT') set(RBX, BigInt(DATA + 0x200));
  if (row.mnemonic === 'ENTER' || row.mnemonic === 'LEAVE') set(RBP, BigInt(DATA + 0xc00));
  if (/LOOP|CXZ/.test(row.mnemonic)) set(1, BigInt(random(3)));
}

/** Near branches go to the code page, so that their targets can be fetched. */
function arrangeBranch(
  row: Row,
  made: RandomInstruction,
  state: State,
  given: Given,
  random: Random,
  long: boolean,
): void {
  const target = BigInt(CODE - 0x700 + random(0xe00));
  const [operand] = made.operands;
  if (operand?.kind === 'gpr') given.set(operand.reg as number, target, long);
  if (row.mnemonic === 'RET') given.memory(Number(state.regs[RSP]), target);
}

/**
 * A case without its result, or undefined when the random instruction cannot be aimed at the data.
 * Without aim a memory operand lies anywhere, and faults.
 */
function propose(
  row: Row,
  mode: number,
  seed: number,
  aimed: boolean,
): { bytes: Uint8Array; given: string } | undefined {
  const random = createRandom(seed * 31 + 7);
  const long = (mode & MODE.CODE) === MODE.CODE_64;
  const made = randomInstruction(row, random, mode);
  const state = stateOf(seed, long);
  const given = new Given();
  if (made.prefixes.segOverride === FS || made.prefixes.segOverride === GS) return undefined;
  if (isBranch(row) && (made.prefixes.operandSize === 2 || !aimed)) return undefined;
  arrange(row, made.operands, state, given, random, long);
  apply(given.toString(), state);
  const alignment = row.mnemonic.startsWith('CMPXCHG8B') && random(3) !== 0 ? 16 : 1;
  const target = DATA + 0x110 + Math.floor(random(0xc00) / alignment) * alignment;
  let possible = true;
  const operands = made.operands.map((operand) => {
    if (operand.kind !== 'mem' || row.mnemonic === 'LEA' || row.mnemonic === 'NOP') return operand;
    if (
      formOf(row).specs.some(({ source }) => source === SOURCE.STRING_SOURCE || source === SOURCE.STRING_DESTINATION)
    ) {
      return operand;
    }
    if (made.prefixes.addressSize === 2 && operand.index !== undefined) possible = false;
    if (!aimed) return operand;
    const placed = aim(operand, target, state, given, long);
    if (placed === undefined) possible = false;
    return placed ?? operand;
  });
  if (!aimed && !operands.some(({ kind }) => kind === 'mem')) return undefined;
  if (isBitString(row) && operands[0]!.kind === 'mem') {
    const offset = (operands[1] as { reg: number }).reg;
    const { base, index } = operands[0]!;
    if (offset === base || offset === index) return undefined;
    given.set(offset, BigInt(random(3000) - 1500), long);
  }
  if (isBranch(row)) {
    arrangeBranch(row, made, state, given, random, long);
    if (operands[0]?.kind === 'mem') given.memory(target, BigInt(CODE - 0x700 + random(0xe00)));
  }
  if (!possible || isOpenShift(row, made, apply(given.toString(), state))) return undefined;
  const distance = row.operands[0] === 'Jb' ? random(200) - 90 : random(0xe00) - 0x700;
  return {
    bytes: encode(row, operands, mode, { ...made.prefixes, ip: [CODE, 0], target: [CODE + distance, 0] }),
    given: given.toString(),
  };
}

// ---- the host ----

const INPUT = 16 + 17 * 8 + PAGE;
const OUTPUT = 19 * 8 + PAGE;

function pack(bytes: Uint8Array, state: State): Buffer {
  const input = Buffer.alloc(INPUT, 0xf4);
  input.set(bytes, 0);
  state.regs.forEach((reg, n) => {
    input.writeBigUInt64LE(reg, 16 + 8 * n);
  });
  input.writeBigUInt64LE(BigInt(state.flags), 16 + 128);
  input.set(state.data, 16 + 136);
  return input;
}

function unpack(output: Buffer): State {
  const word = (n: number): bigint => output.readBigUInt64LE(8 * n);
  const vector = Number(word(0));
  return {
    vector: vector === 1 ? -1 : vector,
    regs: Array.from({ length: 16 }, (_, n) => word(1 + n)),
    rip: word(17),
    flags: Number(word(18)) | 2,
    data: new Uint8Array(output.subarray(19 * 8)),
  };
}

function record(program: string, rows: readonly Row[], mode: number): Case[] {
  const long = (mode & MODE.CODE) === MODE.CODE_64;
  const cases: { bytes: Uint8Array; seed: number; given: string; before: State }[] = [];
  rows.forEach((row, number) => {
    if (!existsIn(row, mode)) return;
    const find = (wanted: number, first: number, aimed: boolean): number => {
      let found = 0;
      for (let attempt = first; attempt < first + 200 && found < wanted; attempt++) {
        const seed = number * 1000 + attempt;
        const made = propose(row, mode, seed, aimed);
        if (made === undefined) continue;
        found++;
        cases.push({ ...made, seed, before: apply(made.given, stateOf(seed, long)) });
      }
      return found;
    };
    const found = find(ROUNDS, 0, true);
    // In 32 bits the host's own memory is easily hit.
    if (long) find(ROUNDS / 3, 500, false);
    if (found === 0) throw new Error(`no case for ${row.opcode} ${row.mnemonic}`);
  });
  const input = Buffer.concat(cases.map(({ bytes, before }) => pack(bytes, before)));
  const { stdout, status } = spawnSync(program, { input, maxBuffer: 1 << 30 });
  if (status !== 0 || stdout.length !== cases.length * OUTPUT) throw new Error(`${program} failed`);
  return cases.map(({ bytes, seed, given, before }, n) => {
    const after = unpack(stdout.subarray(n * OUTPUT, (n + 1) * OUTPUT));
    const from = clone(before);
    if (after.vector < 0) from.rip += BigInt(bytes.length);
    return { bytes, seed, given, changed: difference(from, after) };
  });
}

const HEADER = '# Made by record.ts on a host CPU; the format is explained in cases.ts.\n';
const rows = makeRows([ONE_BYTE, GROUPS, TWO_BYTE, INTEGER_0F38, VEX]);
const folder = mkdtempSync(join(tmpdir(), 'isa-'));
try {
  for (const [width, mode] of [
    [64, MODE.CODE_64 | MODE.LMA],
    [32, MODE.CODE_32],
  ] as const) {
    const program = join(folder, `host${width}`);
    execFileSync('gcc', [`-m${width}`, '-O1', '-o', program, SOURCE_FILE]);
    const lines = record(program, rows, mode).map(formatCase);
    writeFileSync(join(import.meta.dirname, `integer-${width}.txt`), `${HEADER}${lines.join('\n')}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
